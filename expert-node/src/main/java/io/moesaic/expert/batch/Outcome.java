package io.moesaic.expert.batch;

/// What became of a request. Only after [Computed] do the results mean anything.
public sealed interface Outcome {
  /// From the request's arrival until it was taken from the queue, or left it otherwise.
  long queueNanos();

  /// @param computeNanos of the whole run that the request was part of
  record Computed(long queueNanos, long computeNanos) implements Outcome {}

  /// Its time was up before it was taken from the queue.
  record Expired(long queueNanos) implements Outcome {}

  /// The requester had gone before it was taken from the queue.
  record Cancelled(long queueNanos) implements Outcome {}

  /// The backend could not compute the run.
  record Failed(long queueNanos, Throwable cause) implements Outcome {}

  /// The node stopped first.
  record Stopped(long queueNanos) implements Outcome {}
}
