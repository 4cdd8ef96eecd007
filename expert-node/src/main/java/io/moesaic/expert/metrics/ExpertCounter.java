package io.moesaic.expert.metrics;

import java.util.Locale;

/// Everything that an expert node counts. Each bound that can be hit has its counter here.
public enum ExpertCounter {
  BATCHES_RECEIVED("Token batches that arrived, whatever became of them"),
  ROWS_RECEIVED("Token rows of the batches that were accepted"),
  SLOTS_COMPUTED("Pairs of token and expert computed"),
  RUNS("Grouped runs of the backend; batches received over runs tells how much is grouped"),
  BATCHES_REFUSED_INVALID("Batches refused because a field was malformed or out of bounds"),
  BATCHES_REFUSED_QUEUE_FULL("Batches refused because the queue was full"),
  BATCHES_REFUSED_MEMORY("Batches refused because the reply found no off-heap memory"),
  BATCHES_REFUSED_SHUTDOWN("Batches refused because the node was shutting down"),
  BATCHES_EXPIRED("Batches skipped because their deadline had passed"),
  BATCHES_CANCELLED("Batches dropped because their stream had ended"),
  BATCHES_FAILED("Batches that failed in the backend"),
  STREAMS_REFUSED("Streams ended because their first message was no usable schema");

  private final String description;

  ExpertCounter(String description) {
    this.description = description;
  }

  public String description() {
    return description;
  }

  /// As in `batches_received`.
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
