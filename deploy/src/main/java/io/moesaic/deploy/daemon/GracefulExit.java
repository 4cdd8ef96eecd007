package io.moesaic.deploy.daemon;

import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicBoolean;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import sun.misc.Signal;
import sun.misc.SignalHandler;

/// Ends the process in order when it is told to, whether by a signal or because its parent is gone:
/// closes the node, then exits with 0. Who cannot wait sends a second signal; after [#LIMIT] the
/// process ends in any case. Both exit with 1.
final class GracefulExit {
  private static final Logger log = LoggerFactory.getLogger(GracefulExit.class);
  private static final Duration LIMIT = Duration.ofSeconds(15);

  private final Runnable close;
  private final AtomicBoolean begun = new AtomicBoolean();

  /// @param close ends the node; called once, on a thread of its own
  GracefulExit(Runnable close) {
    this.close = close;
  }

  /// For a node that was started by hand or by a service manager.
  void onSignals() {
    handle("TERM", _ -> begin());
    handle("INT", _ -> begin());
  }

  /// For a node that must not survive its parent, which holds the other end of the node's standard
  /// input: also when the parent is killed, the kernel closes it.
  void onEndOf(InputStream input) {
    handle("TERM", _ -> begin());
    // Ctrl-C reaches the parent too, which then ends its nodes in an order of its own.
    handle("INT", SignalHandler.SIG_IGN);
    Thread.ofPlatform().daemon().name("parent-watch").start(() -> awaitEnd(input));
  }

  private static void handle(String signal, SignalHandler handler) {
    Signal.handle(new Signal(signal), handler);
  }

  private void awaitEnd(InputStream input) {
    try {
      while (input.read() >= 0) {
        // Nothing is said on this line; only its end counts.
      }
    } catch (IOException _) {
      // As good as its end.
    }
    if (!hasBegun()) {
      begin();
    }
  }

  boolean hasBegun() {
    return begun.get();
  }

  private void begin() {
    if (!begun.compareAndSet(false, true)) {
      Runtime.getRuntime().halt(1);
    }
    Thread.ofPlatform().daemon().name("exit-limit").start(GracefulExit::haltAfterLimit);
    log.info("closing");
    try {
      close.run();
    } catch (RuntimeException e) {
      log.error("closing failed", e);
      Runtime.getRuntime().halt(1);
    }
    log.info("closed");
    // halt, not exit: the main thread is still in the node and must not get to report anything.
    Runtime.getRuntime().halt(0);
  }

  private static void haltAfterLimit() {
    try {
      Thread.sleep(LIMIT);
      log.warn("not closed after {} s, giving up", LIMIT.toSeconds());
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    Runtime.getRuntime().halt(1);
  }
}
