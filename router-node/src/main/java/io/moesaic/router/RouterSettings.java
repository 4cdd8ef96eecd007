package io.moesaic.router;

import io.moesaic.tensor.DType;
import io.moesaic.wire.NodeAddress;
import io.moesaic.wire.WireType;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// How a router node runs.
///
/// @param name of the model in the API
/// @param model directory in the Hugging Face layout
/// @param http where the API listens
/// @param flight where MoE layers are served over Arrow Flight, if they are
/// @param experts the expert nodes
/// @param wire type of activations on the way to the experts and back
/// @param moe how tokens find their experts
/// @param threads that compute
/// @param queueRequests most requests that wait; more are refused
/// @param kvTokens tokens for whose keys and values there is memory, over all requests
/// @param dispatchTimeout after which an expert node's answer is given up
/// @param corsOrigins web origins that may call the API
/// @param insecure whether other machines may reach it although it asks for no token
public record RouterSettings(
    String name,
    Path model,
    NodeAddress http,
    Optional<NodeAddress> flight,
    List<NodeAddress> experts,
    WireType wire,
    MoeSettings moe,
    int threads,
    int queueRequests,
    int kvTokens,
    Duration dispatchTimeout,
    List<String> corsOrigins,
    boolean insecure) {
  public RouterSettings {
    experts = List.copyOf(experts);
    corsOrigins = List.copyOf(corsOrigins);
    if (queueRequests < 1) {
      throw new IllegalArgumentException(
          "queue of requests is " + queueRequests + ", must be at least 1");
    }
    requireLoopback("http", http, insecure);
    flight.ifPresent(address -> requireLoopback("flight", address, insecure));
  }

  private static void requireLoopback(String what, NodeAddress address, boolean insecure) {
    if (!insecure && !address.isLoopback()) {
      throw new IllegalArgumentException(
          ("%s is %s, which other machines can reach, and nobody there is asked for a token: bind"
                  + " 127.0.0.1, or allow it with --insecure")
              .formatted(what, address));
    }
  }

  ModelSettings modelSettings() {
    return new ModelSettings(
        model, DType.F32, moe.policy(), experts, wire, threads, kvTokens, dispatchTimeout);
  }
}
