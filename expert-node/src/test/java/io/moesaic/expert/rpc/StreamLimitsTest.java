package io.moesaic.expert.rpc;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import io.moesaic.expert.Router;
import io.moesaic.expert.batch.Batcher;
import io.moesaic.expert.batch.RequestQueue;
import io.moesaic.expert.exec.CpuBackend;
import io.moesaic.expert.metrics.ExpertCounter;
import io.moesaic.expert.metrics.ExpertCounters;
import io.moesaic.expert.store.ExpertStore;
import io.moesaic.expert.store.Shard;
import io.moesaic.tensor.TestModels;
import io.moesaic.tensor.checkpoint.Checkpoint;
import io.moesaic.tensor.checkpoint.ModelConfig;
import io.moesaic.tensor.ffn.ExpertBank;
import io.moesaic.tensor.kernel.Compute;
import io.moesaic.wire.NodeAddress;
import io.moesaic.wire.TokenSchema;
import io.moesaic.wire.WireLimits;
import io.moesaic.wire.WireType;
import io.moesaic.wire.v1.DispatchHeader;
import io.moesaic.wire.v1.NodeDescription;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.arrow.memory.RootAllocator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// What the network side does while nothing is computed: the batcher starts when a test says so.
class StreamLimitsTest {
  private static final TokenSchema SCHEMA = new TokenSchema(WireType.F32, 32, 1);
  private static final int CAPACITY = 40;
  private static final int REPLY_BYTES = 4 << 20;
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final Checkpoint checkpoint = Checkpoint.open(TestModels.mixtral());
  private final ExpertBank bank = ExpertBank.of(ModelConfig.read(TestModels.mixtral()));
  private final CpuBackend backend = new CpuBackend(Compute.on(1, "test"), bank.block());
  private final ExpertStore store =
      ExpertStore.load(bank, checkpoint, new Shard(0, 1).of(bank), backend, (_, _) -> {});
  private final RootAllocator batches = new RootAllocator();
  private final RootAllocator replies = new RootAllocator(REPLY_BYTES);
  private final ExpertCounters counters = new ExpertCounters();
  private final RequestQueue queue = new RequestQueue(CAPACITY);
  private final AtomicLong nanoClock = new AtomicLong();
  private final Batcher batcher = new Batcher(queue, backend, counters, nanoClock::get, 1 << 10);
  private final Intake intake =
      new Intake(WireLimits.DEFAULT, replies, queue, counters, nanoClock::get);
  private final NodeServer server =
      NodeServer.start(
          new NodeAddress("127.0.0.1", 0),
          WireLimits.DEFAULT,
          batches,
          new ExchangeHandler(new ExchangeHandler.Model("mixtral", 32), intake, counters),
          new NodeService(
              NodeDescription.getDefaultInstance(),
              () -> new NodeService.State(true, 0, 0, 0),
              counters));
  private final Router router = new Router(new NodeAddress("127.0.0.1", server.port()));

  @BeforeEach
  void serve() {
    intake.serve(store);
  }

  /// Also checks that every buffer has been released.
  @AfterEach
  void close() throws InterruptedException {
    batcher.stop(PATIENCE);
    server.stop(PATIENCE);
    router.close();
    store.close();
    backend.close();
    checkpoint.close();
    replies.close();
    batches.close();
  }

  private static DispatchHeader header(int requestId) {
    return DispatchHeader.newBuilder().setRequestId(requestId).build();
  }

  /// Waits until as many batches have been taken in, or refused.
  private void awaitReceived(int count) throws InterruptedException {
    await(ExpertCounter.BATCHES_RECEIVED, count);
  }

  private void await(ExpertCounter counter, int count) throws InterruptedException {
    long end = System.nanoTime() + PATIENCE.toNanos();
    while (counters.get(counter) < count && System.nanoTime() < end) {
      Thread.sleep(1);
    }
    assertEquals(count, counters.get(counter), counter.label());
  }

  @Test
  void aStreamHasNoMoreThanItsCreditsUnanswered() throws Exception {
    var stream = router.open(SCHEMA);
    for (int i = 0; i < 100; i++) {
      stream.send(header(i), 1, 3);
    }
    awaitReceived(ExchangeStream.CREDITS);
    Thread.sleep(50);
    assertEquals(ExchangeStream.CREDITS, counters.get(ExpertCounter.BATCHES_RECEIVED));
    batcher.start();
    for (int i = 0; i < 100; i++) {
      assertEquals(i, stream.reply().header().getRequestId());
    }
    stream.halfClose();
    assertEquals(Status.Code.OK, stream.end().getCode());
  }

  /// With 128 KiB each, about as many replies as the transport's window of 16 MiB holds go out.
  @Test
  void aPeerThatDoesNotReadItsRepliesGetsNoMoreCredits() throws Exception {
    batcher.start();
    var stream = router.openUnread(SCHEMA, SCHEMA.frame(new byte[0]));
    for (int i = 0; i < 300; i++) {
      stream.send(header(i), 1024, i % 8);
    }
    long received = -1;
    while (counters.get(ExpertCounter.BATCHES_RECEIVED) != received) {
      received = counters.get(ExpertCounter.BATCHES_RECEIVED);
      Thread.sleep(200);
    }
    assertTrue(received >= 16 && received < 200, received + " received");
    stream.read();
    for (int i = 0; i < 300; i++) {
      var reply = stream.reply();
      assertEquals("", reply.header().getMessage());
      assertEquals(i, reply.header().getRequestId());
    }
  }

  @Test
  void aFullQueueRefusesAndTheStreamGoesOn() throws Exception {
    for (int i = 0; i < 3; i++) {
      var other = router.open(SCHEMA);
      for (int n = 0; n < 13; n++) {
        other.send(header(n), 1, n % 8);
      }
    }
    awaitReceived(39);
    var stream = router.open(SCHEMA);
    stream.send(header(1), 1, 0);
    awaitReceived(40);
    stream.send(header(2), 1, 0);
    var refusal = stream.reply().header();
    assertEquals(2, refusal.getRequestId());
    assertEquals(Status.Code.RESOURCE_EXHAUSTED.value(), refusal.getCode());
    assertEquals("the queue is full: 40 batches wait already", refusal.getMessage());
    assertEquals(1, counters.get(ExpertCounter.BATCHES_REFUSED_QUEUE_FULL));
    batcher.start();
    assertEquals(1, stream.reply().header().getRequestId());
    stream.send(header(3), 1, 0);
    assertEquals(0, stream.reply().header().getCode());
  }

  @Test
  void aReplyWithoutMemoryIsRefusedAndTheStreamGoesOn() throws Exception {
    var stream = router.open(SCHEMA);
    for (int i = 1; i <= 9; i++) {
      stream.send(header(i), 4096, 0);
    }
    var refusal = stream.reply().header();
    assertEquals(9, refusal.getRequestId());
    assertEquals(Status.Code.RESOURCE_EXHAUSTED.value(), refusal.getCode());
    assertEquals(
        "no memory for a reply of 4096 rows: 4194304 of 4194304 bytes are in use",
        refusal.getMessage());
    assertEquals(1, counters.get(ExpertCounter.BATCHES_REFUSED_MEMORY));
    batcher.start();
    for (int i = 1; i <= 8; i++) {
      assertEquals(i, stream.reply().header().getRequestId());
    }
  }

  @Test
  void aBatchWhoseTimeIsUpIsNotComputed() throws Exception {
    var stream = router.open(SCHEMA);
    stream.send(header(1).toBuilder().setTimeoutMicros(500).build(), 1, 0);
    stream.send(header(2).toBuilder().setTimeoutMicros(-1).build(), 1, 0);
    stream.send(header(3), 1, 0);
    awaitReceived(3);
    nanoClock.addAndGet(500_000);
    batcher.start();
    var refusal = stream.reply().header();
    assertEquals(1, refusal.getRequestId());
    assertEquals(Status.Code.DEADLINE_EXCEEDED.value(), refusal.getCode());
    assertEquals("timeout_micros", refusal.getField());
    assertEquals("timeout_micros: the time was up after 500 us in the queue", refusal.getMessage());
    assertEquals(500, refusal.getQueueMicros());
    assertEquals(0, stream.reply().header().getCode());
    assertEquals(0, stream.reply().header().getCode());
    assertEquals(2, counters.get(ExpertCounter.SLOTS_COMPUTED));
  }

  @Test
  void theBatchesOfACancelledStreamAreNotComputed() throws Exception {
    var stream = router.open(SCHEMA);
    for (int i = 0; i < 5; i++) {
      stream.send(header(i), 10, 1);
    }
    awaitReceived(5);
    stream.cancel();
    // The other stream shares the connection: its message comes after the cancel.
    var other = router.open(SCHEMA);
    other.send(header(9), 1, 1);
    awaitReceived(6);
    batcher.start();
    assertEquals(9, other.reply().header().getRequestId());
    await(ExpertCounter.BATCHES_CANCELLED, 5);
    assertEquals(1, counters.get(ExpertCounter.SLOTS_COMPUTED));
  }

  @Test
  void whatIsNotComputedBeforeTheEndIsAnsweredSo() throws Exception {
    var stream = router.open(SCHEMA);
    stream.send(header(1), 1, 0);
    awaitReceived(1);
    batcher.stop(PATIENCE);
    stream.send(header(2), 1, 0);
    for (int i = 1; i <= 2; i++) {
      var refusal = stream.reply().header();
      assertEquals(i, refusal.getRequestId());
      assertEquals(Status.Code.UNAVAILABLE.value(), refusal.getCode());
      assertEquals("the node is shutting down", refusal.getMessage());
    }
    server.stop(PATIENCE);
    assertEquals(Status.Code.UNAVAILABLE, stream.end().getCode());
    assertEquals("the node is shutting down", stream.end().getDescription());
  }

  @Test
  void aHalfClosedStreamStillGetsItsReplies() throws Exception {
    var stream = router.open(SCHEMA);
    stream.send(header(1), 1, 0);
    stream.halfClose();
    awaitReceived(1);
    batcher.start();
    assertEquals(1, stream.reply().header().getRequestId());
    assertEquals(Status.Code.OK, stream.end().getCode());
  }
}
