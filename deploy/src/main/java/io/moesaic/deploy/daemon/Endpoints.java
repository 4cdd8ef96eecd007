package io.moesaic.deploy.daemon;

import io.moesaic.wire.NodeAddress;
import java.util.Optional;

/// Where a node listens.
///
/// @param http a router's API
/// @param grpc an expert node's experts, or a router's MoE layers; both speak Arrow Flight
public record Endpoints(Optional<NodeAddress> http, Optional<NodeAddress> grpc) {
  public Endpoints {
    if (http.isEmpty() && grpc.isEmpty()) {
      throw new IllegalArgumentException("endpoints are none, a node listens somewhere");
    }
  }

  public static Endpoints router(NodeAddress http, Optional<NodeAddress> layers) {
    return new Endpoints(Optional.of(http), layers);
  }

  public static Endpoints expert(NodeAddress grpc) {
    return new Endpoints(Optional.empty(), Optional.of(grpc));
  }

  /// By which the node is known.
  public NodeAddress address() {
    return http.or(() -> grpc).orElseThrow();
  }

  @Override
  public String toString() {
    var first = http.map(address -> "http://" + address).orElse("");
    var second = grpc.map(address -> "grpc://" + address).orElse("");
    return first.isEmpty() || second.isEmpty() ? first + second : first + " and " + second;
  }
}
