package io.moesaic.router.layer;

import io.grpc.Status;
import java.util.EnumMap;
import java.util.Map;
import java.util.concurrent.atomic.LongAdder;

/// The counters of a service, from zero at its start. Safe for concurrent use.
public final class LayerCounters {
  private final Map<LayerCounter, LongAdder> counts = new EnumMap<>(LayerCounter.class);

  LayerCounters() {
    for (var counter : LayerCounter.values()) {
      counts.put(counter, new LongAdder());
    }
  }

  void add(LayerCounter counter, long amount) {
    var count = counts.get(counter);
    if (count != null) {
      count.add(amount);
    }
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

  /// All counters at this moment.
  public Map<LayerCounter, Long> snapshot() {
    var snapshot = new EnumMap<LayerCounter, Long>(LayerCounter.class);
    counts.forEach((counter, count) -> snapshot.put(counter, count.sum()));
    return snapshot;
  }
}
