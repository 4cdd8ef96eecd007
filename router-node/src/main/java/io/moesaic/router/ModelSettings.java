package io.moesaic.router;

import io.moesaic.router.gate.RoutingPolicy;
import io.moesaic.tensor.DType;
import io.moesaic.wire.NodeAddress;
import io.moesaic.wire.WireType;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// Which model a router runs, on what, and with which expert nodes.
///
/// @param model directory in the Hugging Face layout
/// @param rotary type of the rotary frequencies, F32 or BF16
/// @param policy how tokens are routed; empty for the way that the model was trained with
/// @param experts the expert nodes
/// @param wire type of activations on the way to the experts and back
/// @param threads that compute
/// @param kvPositions positions for which there is memory, over all sequences
/// @param dispatchTimeout after which a batch to an expert node is given up
public record ModelSettings(
    Path model,
    DType rotary,
    Optional<RoutingPolicy> policy,
    List<NodeAddress> experts,
    WireType wire,
    int threads,
    int kvPositions,
    Duration dispatchTimeout) {
  public ModelSettings {
    experts = List.copyOf(experts);
    if (experts.isEmpty()) {
      throw new IllegalArgumentException("experts are none, at least one expert node is needed");
    }
    if (threads < 1) {
      throw new IllegalArgumentException("threads are " + threads + ", must be at least 1");
    }
    if (kvPositions < 1) {
      throw new IllegalArgumentException(
          "kv positions are " + kvPositions + ", must be at least 1");
    }
    if (dispatchTimeout.toMillis() < 1) {
      throw new IllegalArgumentException(
          "dispatch timeout is " + dispatchTimeout.toMillis() + " ms, must be at least 1");
    }
  }
}
