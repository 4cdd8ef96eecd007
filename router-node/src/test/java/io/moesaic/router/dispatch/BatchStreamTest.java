package io.moesaic.router.dispatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.ManagedChannel;
import io.grpc.Status;
import io.moesaic.router.dispatch.PendingReply.Answered;
import io.moesaic.router.dispatch.PendingReply.Failed;
import io.moesaic.tensor.TestModels;
import io.moesaic.wire.NodeAddress;
import io.moesaic.wire.TokenBatch;
import io.moesaic.wire.TokenSchema;
import io.moesaic.wire.Transport;
import io.moesaic.wire.WireLimits;
import io.moesaic.wire.WireType;
import io.moesaic.wire.v1.DispatchHeader;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class BatchStreamTest {
  private static final TokenSchema SCHEMA = new TokenSchema(WireType.F32, 32, 2);
  private static final Duration PATIENCE = Duration.ofSeconds(30);

  private final ScriptedExpertNode node =
      new ScriptedExpertNode("one", TestModels.mixtral(), _ -> true);
  private final Transport transport = new Transport(1, "stream-io");
  private final BufferAllocator allocator = new RootAllocator();
  private final List<ManagedChannel> channels = new ArrayList<>();

  @AfterEach
  void close() throws Exception {
    for (var channel : channels) {
      assertTrue(channel.shutdownNow().awaitTermination(20, TimeUnit.SECONDS));
    }
    transport.close();
    allocator.close();
    node.close();
  }

  private BatchStream stream(NodeAddress address) {
    channels.add(transport.channel(address, WireLimits.DEFAULT));
    return new BatchStream(channels.getLast(), allocator, SCHEMA, "served-model", "the node");
  }

  private BatchStream accepted() throws Exception {
    var stream = stream(node.address());
    assertTrue(stream.accepted().get(20, TimeUnit.SECONDS));
    return stream;
  }

  /// Sends a batch of `rows` rows of zeros, each for one expert.
  private PendingReply send(BatchStream stream, long id, int rows) {
    var header = DispatchHeader.newBuilder().setRequestId(id).build();
    var batch = TokenBatch.allocate(allocator, SCHEMA, rows, header);
    batch.hidden().fill((byte) 0);
    for (int row = 0; row < rows; row++) {
      batch.setExpert(row, 0, row % 8);
      batch.setExpert(row, 1, TokenBatch.NO_EXPERT);
    }
    var reply = new PendingReply(rows);
    stream.send(id, batch, reply);
    return reply;
  }

  private static PendingReply.Outcome await(PendingReply reply) {
    return reply.await(System.nanoTime() + PATIENCE.toNanos());
  }

  @Test
  void repliesAreMatchedByIdInWhateverOrderTheyCome() throws Exception {
    var stream = accepted();
    List<PendingReply> replies = new ArrayList<>();
    for (int i = 0; i < 5; i++) {
      node.next(Reaction.KEEP);
      replies.add(send(stream, 100 + i, 1 + i));
    }
    while (node.kept() < 5) {
      Thread.sleep(1);
    }
    node.answerKept();
    for (int i = 0; i < 5; i++) {
      try (var batch = assertInstanceOf(Answered.class, await(replies.get(i))).batch()) {
        assertEquals(1 + i, batch.rows());
      }
    }
    stream.cancel("done");
  }

  @Test
  void aReplyThatNobodyWaitsForIsReleased() throws Exception {
    var stream = accepted();
    node.next(Reaction.KEEP);
    send(stream, 1, 50);
    while (node.kept() == 0) {
      Thread.sleep(1);
    }
    stream.forget(1);
    node.answerKept();
    assertInstanceOf(Answered.class, await(send(stream, 2, 1))).batch().close();
    awaitReleased();
    stream.cancel("done");
  }

  /// Between the end of a stream and the news of it, batches are still sent.
  @Test
  void whatIsSentAfterTheEndFailsAndIsReleased() throws Exception {
    var stream = accepted();
    node.next(new Reaction.End(Status.UNAVAILABLE.withDescription("maintenance")));
    assertEquals(new Failed(gone("maintenance")), await(send(stream, 1, 3)));
    assertEquals("maintenance", stream.closed().get().getDescription());
    assertEquals(new Failed(gone("maintenance")), await(send(stream, 2, 3)));
    stream.cancel("the router stops");
    assertEquals(new Failed(gone("maintenance")), await(send(stream, 3, 3)));
    awaitReleased();
  }

  @Test
  void whatIsSentAfterACancelFailsAndIsReleased() throws Exception {
    var stream = accepted();
    node.next(Reaction.KEEP);
    var before = send(stream, 1, 3);
    stream.cancel("the router stops");
    assertEquals(new Failed(gone("the router stops")), await(before));
    assertInstanceOf(Failed.class, await(send(stream, 2, 3)));
    awaitReleased();
  }

  /// A batch that cannot be sent is released by the transport's thread, soon.
  private void awaitReleased() throws InterruptedException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (allocator.getAllocatedMemory() > 0) {
      assertTrue(System.nanoTime() - end < 0, "leaked " + allocator.getAllocatedMemory());
      Thread.sleep(1);
    }
  }

  private static String gone(String why) {
    return "the node is gone: " + why + "; try again when it is back";
  }

  @Test
  void aStreamToNobodyIsNeverAccepted() throws Exception {
    node.die();
    var stream = stream(node.address());
    assertFalse(stream.accepted().get(20, TimeUnit.SECONDS));
    assertEquals(Status.Code.UNAVAILABLE, stream.closed().get().getCode());
  }
}
