package io.moesaic.router.engine;

import io.moesaic.router.capacity.StepRows;
import io.moesaic.router.trunk.MoeLayer;

/// The MoE blocks of the model that an engine runs.
@FunctionalInterface
public interface MoeBlocks {
  /// The blocks for one step.
  MoeLayer step(StepRows rows);

  /// Whether experts choose among the rows that are counted together, and not each row by itself.
  default boolean expertsChoose() {
    return false;
  }
}
