package io.moesaic.router.capacity;

import java.util.Collections;
import java.util.Locale;
import java.util.Map;
import java.util.SortedMap;
import java.util.TreeMap;

/// Whether experts are limited, whose choices are counted together, who goes first, and what
/// becomes of choices that find their expert full. Pure data: the arithmetic is in
/// [CapacityLimiter], the spelling for people in [CapacityJson].
///
/// @param rule how many choices an expert takes
/// @param layerFactors capacity factors of layers that have their own
/// @param scope whose tokens are counted together
/// @param per what has the capacity: each expert, or the experts of a node together
/// @param priority in which order choices are admitted
/// @param overflow what becomes of choices that find no room; with NONE nothing is limited
/// @param renormalize when a token's weights are divided by their sum
/// @param seed of [Priority#RANDOM]
public record CapacityPolicy(
    CapacityRule rule,
    SortedMap<Integer, Double> layerFactors,
    Scope scope,
    Per per,
    Priority priority,
    Overflow overflow,
    Renormalize renormalize,
    long seed) {
  /// Every choice is admitted.
  public static final CapacityPolicy DROPLESS =
      new CapacityPolicy(
          CapacityRule.of(CapacityRule.Formula.MEGATRON, 1),
          Collections.emptySortedMap(),
          Scope.SEQUENCE,
          Per.EXPERT,
          Priority.POSITION,
          Overflow.NONE,
          Renormalize.NEVER,
          0);

  public enum Scope {
    /// One sequence's tokens of a forward pass: other requests have no influence.
    SEQUENCE,
    /// One sequence's tokens of all its passes: what a token takes stays taken, as if the whole
    /// sequence were computed in a single pass (Hugging Face's Switch Transformers).
    WHOLE_SEQUENCE,
    /// The tokens of all of a request's sequences in a forward pass.
    REQUEST,
    /// All tokens of a forward pass under the same policy: a request's result depends on those that
    /// run beside it.
    STEP
  }

  public enum Per {
    EXPERT,
    /// The experts of a node share their capacities: the result depends on the placement.
    NODE
  }

  /// Ties are broken by position.
  public enum Priority {
    /// Earlier tokens first, with all their choices (Switch, DeepSpeed).
    POSITION,
    /// All first choices before any second, earlier tokens first (GShard, V-MoE).
    RANK,
    /// The highest gate score first (DeepSpeed, Capacity-Aware Inference).
    PROBABILITY,
    /// The highest weight first, as the routing policy made it: a score that is divided by the sum
    /// over its token's choices counts so (Megatron-Core).
    WEIGHT,
    /// Batch-prioritised: as RANK, with the tokens in order of their best score (V-MoE).
    BATCH_PRIORITIZED,
    /// In an order drawn by the seed, from each token's request and position (DeepSpeed's random
    /// token selection).
    RANDOM
  }

  public enum Overflow {
    /// The token does without the expert; if it has none left, its residual carries it.
    DROP,
    /// The token goes to the best of its other experts that has room.
    NEXT_CHOICE,
    /// The same, among the experts of the nodes that the token goes to anyway: the result depends
    /// on the placement (the expanded drop of Capacity-Aware Inference).
    LOCAL,
    /// Nothing is limited.
    NONE
  }

  public enum Renormalize {
    /// Over all of the token's choices, before any is dropped (Mesh TensorFlow, Tutel).
    BEFORE,
    /// Over what is left of them (DeepSpeed, NLLB).
    AFTER,
    /// The weights stay what the routing policy made them (V-MoE, Flaxformer, Megatron).
    NEVER
  }

  public CapacityPolicy {
    layerFactors = Collections.unmodifiableSortedMap(new TreeMap<>(layerFactors));
    for (Map.Entry<Integer, Double> entry : layerFactors.entrySet()) {
      if (entry.getKey() < 0) {
        throw new IllegalArgumentException(
            "layers names layer %d, must be 0 or more".formatted(entry.getKey()));
      }
      rule.withFactor(entry.getValue());
    }
    if (scope == Scope.WHOLE_SEQUENCE && overflow != Overflow.NONE) {
      requireSettledByEarlierTokens(rule, priority, overflow);
    }
  }

  /// What became of a token cannot be changed by those that come when it has been computed.
  private static void requireSettledByEarlierTokens(
      CapacityRule rule, Priority priority, Overflow overflow) {
    if (rule.formula() != CapacityRule.Formula.FIXED
        || priority != Priority.POSITION
        || overflow != Overflow.DROP) {
      throw new IllegalArgumentException(
          ("scope whole_sequence is with rule %s, priority %s and overflow %s, must be with fixed,"
                  + " position and drop: a token's fate is settled before later ones are known")
              .formatted(name(rule.formula()), name(priority), name(overflow)));
    }
  }

  private static String name(Enum<?> constant) {
    return constant.name().toLowerCase(Locale.ROOT);
  }

  /// The same with one other factor for all layers.
  public CapacityPolicy withFactor(double factor) {
    return new CapacityPolicy(
        rule.withFactor(factor),
        Collections.emptySortedMap(),
        scope,
        per,
        priority,
        overflow,
        renormalize,
        seed);
  }

  /// Whether anything can be dropped.
  public boolean limits() {
    return overflow != Overflow.NONE;
  }

  /// The rule of a layer.
  public CapacityRule rule(int layer) {
    var factor = layerFactors.get(layer);
    return factor == null ? rule : rule.withFactor(factor);
  }

  /// @throws IllegalArgumentException when it names a layer that a model of so many has not
  public void requireFits(int layers) {
    if (!layerFactors.isEmpty() && layerFactors.lastKey() >= layers) {
      throw new IllegalArgumentException(
          "layers names layer %d, must be from 0 to %d, the last of the model's MoE layers"
              .formatted(layerFactors.lastKey(), layers - 1));
    }
  }

  /// Whether a request's result is the same whatever runs beside it.
  public boolean independentOfOtherRequests() {
    return !limits() || scope != Scope.STEP;
  }
}
