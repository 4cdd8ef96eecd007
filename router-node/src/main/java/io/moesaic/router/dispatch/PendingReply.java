package io.moesaic.router.dispatch;

import io.moesaic.wire.ReplyBatch;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// The reply to one batch: awaited by the thread that sent it, completed once by an event loop, or
/// given up. A reply that comes after that is released.
final class PendingReply {
  private static final long SPIN_NANOS = 20_000;

  /// What has become of it.
  sealed interface Outcome {}

  /// The node's answer, which whoever takes it closes.
  record Answered(ReplyBatch batch) implements Outcome {}

  /// @param reason a sentence that names the node
  record Failed(String reason) implements Outcome {}

  /// Nobody waits any more: the deadline passed, or the waiting thread was interrupted.
  record GivenUp() implements Outcome {}

  /// Rows that the reply must have.
  final int slots;

  private final Thread waiter = Thread.currentThread();
  private final AtomicReference<@Nullable Outcome> outcome = new AtomicReference<>();

  PendingReply(int slots) {
    this.slots = slots;
  }

  void complete(Outcome result) {
    if (outcome.compareAndSet(null, result)) {
      LockSupport.unpark(waiter);
    } else if (result instanceof Answered(var batch)) {
      batch.close();
    }
  }

  /// Waits for the outcome, spinning briefly: on a local network most replies are near. An
  /// interrupted thread, which stays interrupted, takes what is there and gives up the rest.
  Outcome await(long deadlineNanos) {
    long spinUntil = System.nanoTime() + SPIN_NANOS;
    while (true) {
      var result = outcome.get();
      if (result != null) {
        return result;
      }
      long now = System.nanoTime();
      if (now - deadlineNanos >= 0 || Thread.currentThread().isInterrupted()) {
        outcome.compareAndSet(null, new GivenUp());
      } else if (now - spinUntil < 0) {
        Thread.onSpinWait();
      } else {
        LockSupport.parkNanos(this, deadlineNanos - now);
      }
    }
  }
}
