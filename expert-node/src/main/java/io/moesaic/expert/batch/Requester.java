package io.moesaic.expert.batch;

/// Whoever made a request. Called by the batcher's thread or the backend's; must not block.
public interface Requester {
  /// Whether it has gone, so that nobody waits for the results any more.
  boolean gone();

  /// Told once. The request's memory is the requester's again.
  void told(Outcome outcome);
}
