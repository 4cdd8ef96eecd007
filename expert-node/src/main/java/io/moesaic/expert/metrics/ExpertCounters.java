package io.moesaic.expert.metrics;

import java.util.Arrays;
import java.util.Collections;
import java.util.EnumMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.concurrent.atomic.LongAdder;

/// The counters of one node. Safe for concurrent use, from event loops too.
public final class ExpertCounters {
  private final Map<ExpertCounter, LongAdder> values = new EnumMap<>(ExpertCounter.class);

  public ExpertCounters() {
    Arrays.stream(ExpertCounter.values()).forEach(c -> values.put(c, new LongAdder()));
  }

  public void increment(ExpertCounter counter) {
    add(counter, 1);
  }

  public void add(ExpertCounter counter, long amount) {
    adder(counter).add(amount);
  }

  public long get(ExpertCounter counter) {
    return adder(counter).sum();
  }

  private LongAdder adder(ExpertCounter counter) {
    return Objects.requireNonNull(values.get(counter));
  }

  /// All values by label, in the order of the catalogue.
  public Map<String, Long> snapshot() {
    Map<String, Long> snapshot = new LinkedHashMap<>();
    values.forEach((counter, value) -> snapshot.put(counter.label(), value.sum()));
    return Collections.unmodifiableMap(snapshot);
  }
}
