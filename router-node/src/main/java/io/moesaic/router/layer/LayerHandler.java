package io.moesaic.router.layer;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.Status;
import io.moesaic.wire.FlightFrame;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Serves DoExchange: opens exchanges, bounds their number, and ends them when the node does. Runs
/// on event loops, so it neither blocks nor computes.
final class LayerHandler implements ServerCallHandler<FlightFrame, FlightFrame> {
  /// Each may hold [LayerExchange#CREDITS] batches.
  static final int MAX_EXCHANGES = 256;

  private final String model;
  private final LayerCounters counters;
  private volatile @Nullable LayerWorkers workers;

  // Guarded by itself.
  private final Set<LayerExchange> exchanges = new HashSet<>();
  private volatile boolean draining;

  LayerHandler(String model, LayerCounters counters) {
    this.model = model;
    this.counters = counters;
  }

  /// From now on exchanges are accepted.
  void serve(LayerWorkers started) {
    workers = started;
  }

  String model() {
    return model;
  }

  LayerCounters counters() {
    return counters;
  }

  /// The layers, or null while they are being loaded.
  @Nullable ServedLayers layers() {
    var present = workers;
    return present == null ? null : present.layers();
  }

  static Status loading() {
    return Status.UNAVAILABLE.withDescription("the model is being loaded, try again in a while");
  }

  static Status shuttingDown() {
    return Status.UNAVAILABLE.withDescription("the router is shutting down");
  }

  @Override
  public ServerCall.Listener<FlightFrame> startCall(
      ServerCall<FlightFrame, FlightFrame> call, Metadata headers) {
    var present = workers;
    if (present == null) {
      return refuse(call, loading());
    }
    var exchange = new LayerExchange(this, present, call);
    synchronized (exchanges) {
      if (draining) {
        return refuse(call, shuttingDown());
      }
      if (exchanges.size() >= MAX_EXCHANGES) {
        return refuse(
            call,
            Status.RESOURCE_EXHAUSTED.withDescription(
                "%d exchanges are open already, close some or use them for more than one batch"
                    .formatted(MAX_EXCHANGES)));
      }
      exchanges.add(exchange);
    }
    exchange.start();
    return exchange;
  }

  private ServerCall.Listener<FlightFrame> refuse(
      ServerCall<FlightFrame, FlightFrame> call, Status status) {
    counters.add(LayerCounter.EXCHANGES_REFUSED, 1);
    call.close(status, new Metadata());
    return new ServerCall.Listener<>() {};
  }

  void ended(LayerExchange exchange) {
    synchronized (exchanges) {
      exchanges.remove(exchange);
      exchanges.notifyAll();
    }
  }

  /// Ends every exchange once it has answered what came, and waits for that.
  ///
  /// @return whether all have ended within the time
  boolean drain(Duration patience) throws InterruptedException {
    long end = System.nanoTime() + patience.toNanos();
    List<LayerExchange> open;
    synchronized (exchanges) {
      draining = true;
      open = List.copyOf(exchanges);
    }
    open.forEach(LayerExchange::drain);
    synchronized (exchanges) {
      for (long millis = patience.toMillis();
          !exchanges.isEmpty() && millis > 0;
          millis = (end - System.nanoTime()) / 1_000_000) {
        exchanges.wait(millis);
      }
      return exchanges.isEmpty();
    }
  }

  /// Ends every exchange now.
  void endAll() {
    List<LayerExchange> open;
    synchronized (exchanges) {
      open = List.copyOf(exchanges);
    }
    open.forEach(exchange -> exchange.end(shuttingDown()));
  }
}
