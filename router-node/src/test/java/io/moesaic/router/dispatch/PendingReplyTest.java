package io.moesaic.router.dispatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moesaic.router.dispatch.PendingReply.Answered;
import io.moesaic.router.dispatch.PendingReply.Failed;
import io.moesaic.router.dispatch.PendingReply.GivenUp;
import io.moesaic.wire.ReplyBatch;
import io.moesaic.wire.TokenSchema;
import io.moesaic.wire.WireException;
import io.moesaic.wire.WireType;
import io.moesaic.wire.v1.ReplyHeader;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class PendingReplyTest {
  private static final long FAR_NANOS = 60_000_000_000L;

  private final BufferAllocator allocator = new RootAllocator();

  @AfterEach
  void close() {
    allocator.close();
  }

  private Answered answer() throws WireException {
    var schema = new TokenSchema(WireType.BF16, 8, 0);
    try (var draft = ReplyBatch.allocate(allocator, schema, 3)) {
      var frame = draft.finish(ReplyHeader.getDefaultInstance());
      return new Answered(ReplyBatch.decode(frame, schema, 3));
    }
  }

  @Test
  void theFirstOutcomeStays() throws Exception {
    var reply = new PendingReply(3);
    var first = answer();
    reply.complete(first);
    reply.complete(new Failed("too late"));
    reply.complete(answer());
    assertEquals(first, reply.await(System.nanoTime() - 1), "even after the deadline");
    first.batch().close();
  }

  @Test
  void wakesItsWaiter() {
    var reply = new PendingReply(3);
    Thread.ofVirtual()
        .start(
            () -> {
              try {
                // Longer than the waiter spins.
                Thread.sleep(20);
              } catch (InterruptedException e) {
                throw new IllegalStateException(e);
              }
              reply.complete(new Failed("lost"));
            });
    assertEquals(new Failed("lost"), reply.await(System.nanoTime() + FAR_NANOS));
  }

  @Test
  void anAnswerAfterTheDeadlineIsReleased() throws Exception {
    var reply = new PendingReply(3);
    long deadline = System.nanoTime() + 1_000_000;
    assertEquals(new GivenUp(), reply.await(deadline));
    assertTrue(System.nanoTime() - deadline >= 0);
    reply.complete(answer());
    assertEquals(0, allocator.getAllocatedMemory());
  }

  @Test
  void anInterruptedWaiterTakesWhatIsThereAndGivesUpTheRest() throws Exception {
    var there = new PendingReply(3);
    there.complete(new Failed("refused"));
    var missing = new PendingReply(3);
    Thread.currentThread().interrupt();
    long start = System.nanoTime();
    assertEquals(new Failed("refused"), there.await(start + FAR_NANOS));
    assertEquals(new GivenUp(), missing.await(start + FAR_NANOS));
    assertTrue(System.nanoTime() - start < FAR_NANOS / 2, "waited for the deadline");
    assertTrue(Thread.interrupted(), "the interrupt is for whoever stops the thread");
    missing.complete(answer());
    assertEquals(0, allocator.getAllocatedMemory());
  }
}
