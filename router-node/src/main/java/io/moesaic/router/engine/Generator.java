package io.moesaic.router.engine;

/// Takes requests for text. Safe for concurrent use; returns without waiting.
public interface Generator {
  /// @return by which the request can be cancelled
  /// @throws QueueFullException when too many requests wait already
  /// @throws IllegalArgumentException when there is no memory for a text so long
  Generation submit(GenerationRequest request, GenerationListener listener)
      throws QueueFullException;

  /// A request that was accepted.
  interface Generation {
    /// Stops the work and frees its memory soon. Nothing happens if the request has ended.
    void cancel();
  }
}
