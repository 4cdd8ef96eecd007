package io.moesaic.router.engine;

/// The engine has as many waiting requests as it may hold.
public final class QueueFullException extends Exception {
  private static final long serialVersionUID = 1;

  private final long retryAfterMillis;

  public QueueFullException(int waiting, int bound, long retryAfterMillis) {
    super(
        "%d requests are waiting, at most %d may; try again in %d ms"
            .formatted(waiting, bound, retryAfterMillis));
    this.retryAfterMillis = retryAfterMillis;
  }

  /// When trying again is worthwhile.
  public long retryAfterMillis() {
    return retryAfterMillis;
  }
}
