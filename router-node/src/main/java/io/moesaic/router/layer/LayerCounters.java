package io.moesaic.router.layer;

import io.grpc.Status;
import java.util.EnumMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;

/// The counters of a service, from zero at its start. Safe for concurrent use.
public final class LayerCounters {
  private final Map<LayerCounter, LongAdder> counts = new EnumMap<>(LayerCounter.class);

  LayerCounters() {
    for (var counter : LayerCounter.values()) {
      counts.put(counter, new LongAdder());
    }
  }

  private LongAdder count(LayerCounter counter) {
    return Objects.requireNonNull(counts.get(counter));
  }

  void add(LayerCounter counter, long amount) {
    count(counter).add(amount);
  }

  /// Counts a batch that ended its exchange.
  void addFailure(Status.Code code) {
    add(
        switch (code) {
          case INVALID_ARGUMENT -> LayerCounter.BATCHES_REFUSED_INVALID;
          case RESOURCE_EXHAUSTED -> LayerCounter.BATCHES_REFUSED_MEMORY;
          default -> LayerCounter.BATCHES_FAILED;
        },
        1);
  }

  public long get(LayerCounter counter) {
    return count(counter).sum();
  }

  /// All counters at this moment.
  public Map<LayerCounter, Long> snapshot() {
    var snapshot = new EnumMap<LayerCounter, Long>(LayerCounter.class);
    for (var counter : LayerCounter.values()) {
      snapshot.put(counter, get(counter));
    }
    return snapshot;
  }
}
