package io.moesaic.router.engine;

/// The engine has as many waiting texts as it may hold.
public final class QueueFullException extends Exception {
  private static final long serialVersionUID = 1;

  private final long retryAfterMillis;

  /// @param waiting texts that wait already
  /// @param more texts that were asked for
  public QueueFullException(int waiting, int more, int bound, long retryAfterMillis) {
    super(
        "%d texts are waiting, with %d more they would be above %d; try again in %d ms"
            .formatted(waiting, more, bound, retryAfterMillis));
    this.retryAfterMillis = retryAfterMillis;
  }

  /// When trying again is worthwhile.
  public long retryAfterMillis() {
    return retryAfterMillis;
  }
}
