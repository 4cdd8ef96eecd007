package io.moesaic.router;

import io.moesaic.router.capacity.CapacityPolicy;
import io.moesaic.router.capacity.RequestCapacity;
import io.moesaic.router.gate.RoutingPolicy;
import java.util.Optional;

/// How a router chooses experts for tokens, and tokens for experts that are full.
///
/// @param policy how tokens are routed; empty for the way that the model was trained with
/// @param capacity at the start, empty for what is a part of the model; it can be replaced while
///     the node runs
/// @param requests which capacities requests may bring
public record MoeSettings(
    Optional<RoutingPolicy> policy, Optional<CapacityPolicy> capacity, RequestCapacity requests) {
  /// The model's own routing and limits, and those that requests bring.
  public static final MoeSettings DEFAULT =
      new MoeSettings(Optional.empty(), Optional.empty(), RequestCapacity.ANY);
}
