package io.moesaic.router.capacity;

import io.moesaic.router.capacity.CapacityPolicy.Overflow;
import io.moesaic.router.capacity.CapacityPolicy.Per;
import io.moesaic.router.capacity.CapacityPolicy.Priority;
import io.moesaic.router.capacity.CapacityPolicy.Renormalize;
import io.moesaic.router.capacity.CapacityPolicy.Scope;
import io.moesaic.tensor.checkpoint.ModelConfig;
import java.util.Collections;

/// The capacity that is a part of a model, from its `config.json`: what its reference
/// implementation drops.
public final class ModelCapacity {
  private ModelCapacity() {}

  /// Without limits for all families but Switch Transformers.
  public static CapacityPolicy of(ModelConfig config) {
    return switch (config.text("model_type").orElse("")) {
      case "switch_transformers" ->
          new CapacityPolicy(
              CapacityRule.fixed(config.integerOr("expert_capacity", 64, 1, 1 << 20)),
              Collections.emptySortedMap(),
              Scope.WHOLE_SEQUENCE,
              Per.EXPERT,
              Priority.POSITION,
              Overflow.DROP,
              Renormalize.NEVER,
              0);
      default -> CapacityPolicy.DROPLESS;
    };
  }
}
