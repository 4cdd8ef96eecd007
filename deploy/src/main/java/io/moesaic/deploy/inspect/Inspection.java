package io.moesaic.deploy.inspect;

import io.moesaic.router.capacity.CapacityPolicy;
import io.moesaic.router.gate.RoutingPolicy;
import io.moesaic.tensor.ffn.FeedForward;
import java.util.Collections;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.OptionalLong;

/// What is known of a model. What is absent could not be read, and [#refusals] says why.
///
/// @param model what was looked at
/// @param family its `model_type`
/// @param policy by which its tokens are routed
/// @param capacity that it was trained with; empty when its experts take everything
/// @param kept keys and values; none without a trunk
/// @param refusals why it is not served; empty when it is
/// @param notes what else is worth knowing
public record Inspection(
    String model,
    String family,
    Optional<Architecture> architecture,
    Optional<Parameters> parameters,
    Optional<Weights> weights,
    List<NodeShare> nodes,
    Optional<RoutingPolicy> policy,
    Optional<CapacityPolicy> capacity,
    Optional<Kept> kept,
    Optional<TokenizerFacts> tokenizer,
    List<Refusal> refusals,
    List<String> notes) {
  public Inspection {
    nodes = List.copyOf(nodes);
    refusals = List.copyOf(refusals);
    notes = List.copyOf(notes);
  }

  public boolean served() {
    return refusals.isEmpty();
  }

  /// Whether prompts are encoded apart from their texts, which leaves no chat.
  public boolean encodesPrompts() {
    return architecture.map(a -> a.encoderLayers() > 0).orElse(false);
  }

  /// What the router takes at the least: weights, keys and values.
  public OptionalLong routerMemory() {
    return weights
        .map(w -> OptionalLong.of(w.routerMemory() + kept.map(Kept::bytes).orElse(0L)))
        .orElse(OptionalLong.empty());
  }

  /// @param layers with and without experts
  /// @param encoderLayers of these, those of an encoder, which come first; 0 without one
  /// @param moeLayers layers with experts
  /// @param experts of each of these
  /// @param expert what each computes
  /// @param vocabulary token ids; empty for MoE layers without embeddings
  public record Architecture(
      int layers,
      int encoderLayers,
      int moeLayers,
      int experts,
      FeedForward expert,
      OptionalInt vocabulary) {}

  /// How many numbers were trained.
  ///
  /// @param byPart all of them
  /// @param active those that a token meets: all but the experts that it does not go to
  /// @param looked of these, those of embeddings that serve for nothing but to look one row up
  public record Parameters(Map<Part, Long> byPart, long active, long looked) {
    public Parameters {
      byPart = Collections.unmodifiableMap(new EnumMap<>(byPart));
    }

    public long total() {
      return byPart.values().stream().mapToLong(Long::longValue).sum();
    }

    public long activeWithoutEmbeddings() {
      return active - looked;
    }
  }

  /// Where sizes are from.
  public enum Source {
    /// The headers of the checkpoint.
    HEADERS,
    /// `config.json`, as there are no weights.
    CONFIG,
    /// `config.json`, as the weights that are there cannot be read.
    CONFIG_INSTEAD
  }

  /// The weights as they are stored.
  ///
  /// @param form types and quantization, for people
  /// @param bytes of the model
  /// @param expertBytes of these, all experts
  /// @param bytesPerExpert of the largest
  /// @param addedInMemory bytes that the router's part takes in memory beyond those stored
  public record Weights(
      Source source,
      String form,
      long bytes,
      long expertBytes,
      long bytesPerExpert,
      long addedInMemory) {
    /// Whether this is what `config.json` lets expect, not what is there.
    public boolean planned() {
      return source != Source.HEADERS;
    }

    /// The router's part.
    public long routerBytes() {
      return bytes - expertBytes;
    }

    /// What that takes in memory, at the least: columns of products are filled up to whole panels.
    public long routerMemory() {
      return routerBytes() + addedInMemory;
    }
  }

  /// Keys and values in the router's memory.
  ///
  /// @param bytesPerToken of a token
  /// @param tokens that there is memory for, over all requests
  public record Kept(long bytesPerToken, int tokens) {
    public long bytes() {
      return Math.multiplyExact(bytesPerToken, (long) tokens);
    }
  }

  /// What each of so many expert nodes has.
  ///
  /// @param fewest experts of a node
  /// @param most experts of a node
  /// @param bytes of the fullest
  public record NodeShare(int nodes, int fewest, int most, long bytes) {}

  /// @param vocabulary one more than the highest token id
  public record TokenizerFacts(int vocabulary, boolean chatTemplate) {}

  /// @param what the part that is missing
  /// @param why a sentence that names the key or the tensor
  public record Refusal(String what, String why) {}
}
