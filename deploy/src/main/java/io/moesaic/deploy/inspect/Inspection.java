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
/// @param keptBytes bytes of keys and values for each token
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
    OptionalLong keptBytes,
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

  /// @param layers with and without experts
  /// @param moeLayers layers with experts
  /// @param experts of each of these
  /// @param expert what each computes
  /// @param vocabulary token ids; empty for MoE layers without embeddings
  public record Architecture(
      int layers, int moeLayers, int experts, FeedForward expert, OptionalInt vocabulary) {}

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

  /// The weights as they are stored.
  ///
  /// @param planned whether this is what `config.json` lets expect, not what is there
  /// @param form types and quantization, for people
  /// @param bytes of the model
  /// @param expertBytes of these, all experts
  /// @param bytesPerExpert of the largest
  public record Weights(
      boolean planned, String form, long bytes, long expertBytes, long bytesPerExpert) {
    /// What the router holds.
    public long routerBytes() {
      return bytes - expertBytes;
    }
  }

  /// The fullest of so many expert nodes.
  public record NodeShare(int nodes, int experts, long bytes) {}

  /// @param vocabulary one more than the highest token id
  public record TokenizerFacts(int vocabulary, boolean chatTemplate) {}

  /// @param what the part that is missing
  /// @param why a sentence that names the key or the tensor
  public record Refusal(String what, String why) {}
}
