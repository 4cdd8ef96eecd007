package io.moesaic.router.engine;

import io.moesaic.router.capacity.CapacityPolicy;
import java.util.Optional;

/// What a request wants of the MoE blocks beside their outputs.
///
/// @param capacity instead of the operator's
/// @param totals whether the listener is told what became of the expert choices
/// @param routedExperts whether it is told the experts of every position too
public record MoeOptions(Optional<CapacityPolicy> capacity, boolean totals, boolean routedExperts) {
  /// The operator's capacity, and no questions.
  public static final MoeOptions NONE = new MoeOptions(Optional.empty(), false, false);
}
