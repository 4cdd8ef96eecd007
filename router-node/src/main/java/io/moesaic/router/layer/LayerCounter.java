package io.moesaic.router.layer;

import java.util.Locale;

/// Everything that the service counts.
public enum LayerCounter {
  /// Streams whose descriptor and schema were accepted.
  EXCHANGES_OPENED,
  /// Streams that were refused: too many of them, no model yet, or a descriptor or schema of
  /// something else.
  EXCHANGES_REFUSED,
  /// Batches that were answered.
  BATCHES_ANSWERED,
  /// Rows of these.
  ROWS_ANSWERED,
  /// Batches with a field that is malformed or out of bounds.
  BATCHES_REFUSED_INVALID,
  /// Batches for which, or for the replies to which, there was no memory.
  BATCHES_REFUSED_MEMORY,
  /// Batches whose experts did not answer, or that failed by a fault in here.
  BATCHES_FAILED;

  /// The name for people and machines: `batches_answered`.
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }
}
