package io.moesaic.expert.rpc;

import io.grpc.Server;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.protobuf.services.HealthStatusManager;
import io.grpc.protobuf.services.ProtoReflectionService;
import io.grpc.protobuf.services.ProtoReflectionServiceV1;
import io.moesaic.wire.FlightExchange;
import io.moesaic.wire.NodeAddress;
import io.moesaic.wire.Transport;
import io.moesaic.wire.WireLimits;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.arrow.flight.impl.FlightServiceGrpc;
import org.apache.arrow.memory.BufferAllocator;

/// A node's port and everything that answers on it: DoExchange, Describe, health and reflection.
/// Health is NOT_SERVING until [#serve].
public final class NodeServer {
  /// They move bytes only; two keep one large message from delaying all others.
  private static final int EVENT_LOOPS = 2;

  /// For calls that the node does not end itself, such as a Watch of its health.
  private static final Duration CALLS_PATIENCE = Duration.ofMillis(200);

  /// Names under which health is asked for: the node as a whole, and its Flight service.
  private static final List<String> HEALTH_NAMES =
      List.of(HealthStatusManager.SERVICE_NAME_ALL_SERVICES, FlightServiceGrpc.SERVICE_NAME);

  private final Transport transport;
  private final ExchangeHandler exchange;
  private final HealthStatusManager health;
  private final Server server;

  private NodeServer(
      Transport transport, ExchangeHandler exchange, HealthStatusManager health, Server server) {
    this.transport = transport;
    this.exchange = exchange;
    this.health = health;
    this.server = server;
  }

  /// @param allocator for batches that arrive
  /// @throws UncheckedIOException when the address cannot be listened on
  @SuppressWarnings("deprecation") // the older reflection is what most clients still ask for
  public static NodeServer start(
      NodeAddress listen,
      WireLimits limits,
      BufferAllocator allocator,
      ExchangeHandler exchange,
      NodeService description) {
    var transport = new Transport(EVENT_LOOPS, "expert-io");
    var health = new HealthStatusManager();
    HEALTH_NAMES.forEach(name -> health.setStatus(name, ServingStatus.NOT_SERVING));
    try {
      var server =
          transport
              .server(listen, limits)
              .addService(FlightExchange.service(allocator, exchange))
              .addService(description)
              .addService(health.getHealthService())
              .addService(ProtoReflectionServiceV1.newInstance())
              .addService(ProtoReflectionService.newInstance())
              .build()
              .start();
      return new NodeServer(transport, exchange, health, server);
    } catch (IOException e) {
      transport.close();
      throw new UncheckedIOException("cannot listen on " + listen + ": " + e.getMessage(), e);
    }
  }

  /// The port that is listened on.
  public int port() {
    return server.getPort();
  }

  public void serve() {
    HEALTH_NAMES.forEach(name -> health.setStatus(name, ServingStatus.SERVING));
  }

  /// Tells those who watch the node's health. Calls go on being answered.
  public void stopServing() {
    health.enterTerminalState();
  }

  /// Ends all streams and calls once they have received what was answered, or the time is up.
  public void stop(Duration patience) throws InterruptedException {
    exchange.endStreams(patience);
    server.shutdown();
    if (!server.awaitTermination(CALLS_PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
      server.shutdownNow();
      server.awaitTermination();
    }
    transport.close();
  }
}
