package io.moesaic.router.layer;

import io.grpc.Server;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.protobuf.services.HealthStatusManager;
import io.moesaic.wire.FlightExchange;
import io.moesaic.wire.NodeAddress;
import io.moesaic.wire.Transport;
import io.moesaic.wire.WireLimits;
import java.io.IOException;
import java.time.Duration;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.TimeUnit;
import org.apache.arrow.flight.FlightGrpcUtils;
import org.apache.arrow.flight.auth.ServerAuthHandler;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.jspecify.annotations.Nullable;

/// A port on which the MoE layers of a model are served over Arrow Flight. It listens before the
/// layers are loaded, and refuses exchanges until [#serve]. One thread calls [#serve] and [#close].
public final class LayerService implements AutoCloseable {
  /// Batches that came and replies that go, over all exchanges.
  private static final long WIRE_BYTES = 1L << 29;

  /// Calls other than exchanges are short.
  private static final Duration CALLS_PATIENCE = Duration.ofMillis(200);

  private final NodeAddress address;
  private final BufferAllocator allocator;
  private final LayerHandler handler;
  private final HealthStatusManager health = new HealthStatusManager();
  private final ExecutorService catalogExecutor = Executors.newVirtualThreadPerTaskExecutor();
  private final Transport transport;
  private final Server server;
  private @Nullable LayerWorkers workers;

  @SuppressWarnings("deprecation") // Flight's library asks for a handler of handshakes
  private LayerService(NodeAddress listen, String model) throws IOException {
    allocator = new RootAllocator(WIRE_BYTES);
    handler = new LayerHandler(model, new LayerCounters());
    health.setStatus(HealthStatusManager.SERVICE_NAME_ALL_SERVICES, ServingStatus.NOT_SERVING);
    transport = new Transport(1, "layer-io");
    var catalog =
        FlightGrpcUtils.createFlightService(
            allocator, new LayerCatalog(handler), ServerAuthHandler.NO_OP, catalogExecutor);
    try {
      server =
          transport
              .server(listen, WireLimits.DEFAULT)
              .addService(FlightExchange.service(allocator, handler, catalog))
              .addService(health.getHealthService())
              .build()
              .start();
      address = new NodeAddress(listen.host(), server.getPort());
    } catch (IOException e) {
      transport.close();
      catalogExecutor.close();
      allocator.close();
      throw new IOException("cannot listen at " + listen, e);
    }
  }

  /// Begins to listen.
  ///
  /// @param model by which clients ask for it
  /// @throws IOException when the address cannot be bound
  public static LayerService bind(NodeAddress listen, String model) throws IOException {
    return new LayerService(listen, model);
  }

  public NodeAddress address() {
    return address;
  }

  /// What has been counted.
  public LayerCounters counters() {
    return handler.counters();
  }

  /// From now on exchanges are accepted.
  ///
  /// @param threads that compute, each a batch at a time
  public void serve(ServedLayers layers, int threads) {
    workers = LayerWorkers.start(layers, threads, allocator);
    handler.serve(workers);
    health.setStatus(HealthStatusManager.SERVICE_NAME_ALL_SERVICES, ServingStatus.SERVING);
  }

  /// Takes no more batches, answers those that came while the patience lasts, and stops.
  ///
  /// @throws IllegalStateException when a buffer leaked
  public void close(Duration patience) {
    health.enterTerminalState();
    try {
      handler.drain(patience);
      handler.endAll();
      server.shutdown();
      if (!server.awaitTermination(CALLS_PATIENCE.toMillis(), TimeUnit.MILLISECONDS)) {
        server.shutdownNow();
        server.awaitTermination();
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      server.shutdownNow();
    }
    if (workers != null) {
      workers.close();
    }
    transport.close();
    catalogExecutor.close();
    allocator.close();
  }

  /// Stops at once.
  @Override
  public void close() {
    close(Duration.ZERO);
  }
}
