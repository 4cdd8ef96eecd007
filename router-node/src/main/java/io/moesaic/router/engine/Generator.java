package io.moesaic.router.engine;

import java.util.List;

/// Takes requests for texts. Safe for concurrent use; returns without waiting.
public interface Generator {
  /// Asks for the texts of one request, for all of them or for none.
  ///
  /// @param listeners one for each text
  /// @return for each text, by which it can be cancelled
  /// @throws QueueFullException when too many texts wait already
  /// @throws IllegalArgumentException when the request could never be computed here: there is no
  ///     memory for a text so long, or for so many that are computed together
  List<Generation> submit(
      List<GenerationRequest> texts, List<? extends GenerationListener> listeners)
      throws QueueFullException;

  /// A text that will be generated.
  interface Generation {
    /// Stops the work and frees its memory soon. Nothing happens if the text has ended.
    void cancel();
  }
}
