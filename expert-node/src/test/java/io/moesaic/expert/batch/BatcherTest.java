package io.moesaic.expert.batch;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moesaic.expert.exec.CpuBackend;
import io.moesaic.expert.exec.ExpertBackend;
import io.moesaic.expert.exec.GroupedBatch;
import io.moesaic.expert.exec.LoadedExpert;
import io.moesaic.expert.metrics.ExpertCounter;
import io.moesaic.expert.metrics.ExpertCounters;
import io.moesaic.tensor.BFloat16;
import io.moesaic.tensor.DType;
import io.moesaic.tensor.Weight;
import io.moesaic.tensor.ffn.ExpertId;
import io.moesaic.tensor.ffn.ExpertWeights;
import io.moesaic.tensor.ffn.FeedForward;
import io.moesaic.tensor.kernel.Compute;
import io.moesaic.tensor.kernel.Randoms;
import io.moesaic.wire.WireType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class BatcherTest {
  private static final FeedForward.SwiGlu BLOCK = new FeedForward.SwiGlu(20, 33);
  private static final int LAYERS = 2;
  private static final int EXPERTS = 5;
  private static final int MAX_SLOTS = 64;
  private static final Duration PATIENCE = Duration.ofSeconds(20);

  private final Arena arena = Arena.ofShared();
  private final Randoms random = new Randoms(arena);
  private final ExpertBackend cpu = new CpuBackend(Compute.on(2, "test"), BLOCK);
  private final List<LoadedExpert> experts = new ArrayList<>();
  private final RequestQueue queue = new RequestQueue(1000);
  private final ExpertCounters counters = new ExpertCounters();
  private final AtomicLong nanoClock = new AtomicLong(-5);

  BatcherTest() {
    for (int i = 0; i < LAYERS * EXPERTS; i++) {
      var weights =
          ExpertWeights.swiGlu(
              Weight.of(random.weight(DType.BF16, BLOCK.intermediate(), BLOCK.hidden())),
              Weight.of(random.weight(DType.BF16, BLOCK.intermediate(), BLOCK.hidden())),
              Weight.of(random.weight(DType.BF16, BLOCK.hidden(), BLOCK.intermediate())));
      experts.add(cpu.load(new ExpertId(i / EXPERTS, i % EXPERTS), weights));
    }
  }

  @AfterEach
  void close() {
    experts.forEach(LoadedExpert::close);
    cpu.close();
    arena.close();
  }

  private Batcher batcher(ExpertBackend backend) {
    return new Batcher(queue, backend, counters, nanoClock::get, MAX_SLOTS);
  }

  private void runToTheEnd(ExpertBackend backend) throws InterruptedException {
    var batcher = batcher(backend);
    batcher.start();
    assertTrue(batcher.stop(PATIENCE));
  }

  /// A requester that remembers what it was told.
  private static final class Memo implements Requester {
    private final CompletableFuture<Outcome> outcome = new CompletableFuture<>();
    private boolean gone;

    @Override
    public boolean gone() {
      return gone;
    }

    @Override
    public void told(Outcome told) {
      assertTrue(outcome.complete(told), "told twice");
    }

    Outcome await() throws Exception {
      return outcome.get(PATIENCE.toSeconds(), TimeUnit.SECONDS);
    }
  }

  private static Memo memo(Request request) {
    return (Memo) request.requester();
  }

  private Request request(int layer, WireType type, int rows, long timeoutNanos) {
    List<Slot> slots = new ArrayList<>();
    for (int row = 0; row < rows; row++) {
      for (int n = random.between(0, 3); n > 0; n--) {
        slots.add(new Slot(row, experts.get(layer * EXPERTS + random.between(0, EXPERTS - 1))));
      }
    }
    int rowBytes = BLOCK.hidden() * type.bytes();
    var memory =
        new GroupedBatch.Part(
            arena.allocate(Math.max(1, rows * rowBytes)),
            arena.allocate(Math.max(1, slots.size() * rowBytes)));
    for (int i = 0; i < rows * BLOCK.hidden(); i++) {
      if (type == WireType.F32) {
        memory.hidden().setAtIndex(ValueLayout.JAVA_FLOAT, i, random.gaussian());
      } else {
        memory.hidden().setAtIndex(ValueLayout.JAVA_SHORT, i, BFloat16.round(random.gaussian()));
      }
    }
    return new Request(
        layer, type, BLOCK.hidden(), memory, slots, nanoClock.get(), timeoutNanos, new Memo());
  }

  private Request request(int layer, WireType type) {
    return request(layer, type, random.between(0, 30), Request.NO_TIMEOUT);
  }

  /// The results of a request when it runs by itself, on a backend of one thread.
  private byte[] alone(Request request) {
    var memory =
        new GroupedBatch.Part(
            request.memory().hidden(), arena.allocate(request.memory().output().byteSize()));
    var copy =
        new Request(
            request.layer(),
            request.type(),
            request.hidden(),
            memory,
            request.slots(),
            0,
            0,
            new Memo());
    try (var compute = new CpuBackend(Compute.on(1, "alone"), BLOCK)) {
      compute.run(Grouping.group(List.of(copy)), new Noted());
    }
    return bytes(memory.output());
  }

  private static byte[] bytes(MemorySegment segment) {
    return segment.toArray(ValueLayout.JAVA_BYTE);
  }

  private static final class Noted implements ExpertBackend.Completion {
    @Override
    public void succeeded() {}

    @Override
    public void failed(Throwable cause) {
      throw new AssertionError(cause);
    }
  }

  @Test
  void aGroupedRequestGetsTheBitsItGetsAlone() throws Exception {
    List<Request> requests = new ArrayList<>();
    for (int i = 0; i < 60; i++) {
      var type = random.between(0, 1) == 0 ? WireType.F32 : WireType.BF16;
      requests.add(request(random.between(0, LAYERS - 1), type));
      assertEquals(RequestQueue.Admission.ADMITTED, queue.offer(requests.getLast()));
    }
    runToTheEnd(cpu);
    for (var request : requests) {
      assertInstanceOf(Outcome.Computed.class, memo(request).await(), random.seed());
      assertArrayEquals(alone(request), bytes(request.memory().output()), random.seed());
    }
    assertTrue(counters.get(ExpertCounter.RUNS) < 50, "nothing was grouped, " + random.seed());
    assertEquals(
        requests.stream().mapToInt(request -> request.slots().size()).sum(),
        counters.get(ExpertCounter.SLOTS_COMPUTED));
  }

  @Test
  void sortsSlotsByExpertAndKeepsTheOrderOfRequests() {
    var first = request(1, WireType.F32, 20, Request.NO_TIMEOUT);
    var second = request(1, WireType.F32, 20, Request.NO_TIMEOUT);
    var batch = Grouping.group(List.of(first, second));
    int slot = 0;
    for (var group : batch.groups()) {
      assertEquals(slot, group.firstSlot(), random.seed());
      long previous = -1;
      for (; slot < group.firstSlot() + group.count(); slot++) {
        int part = batch.slots().partOf(slot);
        var source = (part == 0 ? first : second).slots().get(batch.slots().outputOf(slot));
        assertEquals(group.expert(), source.expert(), random.seed());
        assertEquals(source.row(), batch.slots().rowOf(slot), random.seed());
        long order = ((long) part << 32) + batch.slots().outputOf(slot);
        assertTrue(order > previous, random.seed());
        previous = order;
      }
    }
    assertEquals(first.slots().size() + second.slots().size(), slot, random.seed());
  }

  @Test
  void takesWhatGroupsWithTheOldestUpToTheBound() throws InterruptedException {
    var oldest = request(0, WireType.F32);
    var otherType = request(0, WireType.BF16);
    var otherLayer = request(1, WireType.F32);
    var same = request(0, WireType.F32);
    var large = request(0, WireType.F32, 200, Request.NO_TIMEOUT);
    var late = request(0, WireType.F32, 1, Request.NO_TIMEOUT);
    List.of(oldest, otherType, otherLayer, same, large, late).forEach(queue::offer);
    assertEquals(List.of(oldest, same), queue.take(180));
    assertEquals(List.of(otherType), queue.take(180));
    assertEquals(List.of(otherLayer), queue.take(180));
    assertEquals(large, queue.take(1).getFirst());
  }

  @Test
  void skipsARequestWhoseTimeIsUp() throws Exception {
    var expired = request(0, WireType.F32, 3, 1000);
    var inTime = request(0, WireType.F32, 3, 1001);
    queue.offer(expired);
    queue.offer(inTime);
    nanoClock.addAndGet(1000);
    runToTheEnd(cpu);
    assertEquals(new Outcome.Expired(1000), memo(expired).await());
    assertEquals(new Outcome.Computed(1000, 0), memo(inTime).await());
    assertEquals(1, counters.get(ExpertCounter.BATCHES_EXPIRED));
  }

  @Test
  void dropsARequestWhoseRequesterHasGone() throws Exception {
    var request = request(0, WireType.F32);
    memo(request).gone = true;
    queue.offer(request);
    runToTheEnd(cpu);
    assertEquals(new Outcome.Cancelled(0), memo(request).await());
    assertEquals(1, counters.get(ExpertCounter.BATCHES_CANCELLED));
    assertEquals(0, counters.get(ExpertCounter.RUNS));
  }

  /// Fails the runs of layer 1: by throwing, and by saying so.
  private final class Failing implements ExpertBackendFake {
    private boolean thrown;

    @Override
    public void run(GroupedBatch batch, Completion done) {
      if (batch.groups().getFirst().expert().id().layer() == 0) {
        cpu.run(batch, done);
      } else if (thrown) {
        done.failed(new IllegalStateException("device lost"));
      } else {
        thrown = true;
        throw new IllegalStateException("driver lost");
      }
    }
  }

  @Test
  void survivesAFailureOfTheBackend() throws Exception {
    var batcher = batcher(new Failing());
    batcher.start();
    for (var message : List.of("driver lost", "device lost")) {
      var bad = request(1, WireType.F32, 40, Request.NO_TIMEOUT);
      queue.offer(bad);
      var failed = assertInstanceOf(Outcome.Failed.class, memo(bad).await());
      assertEquals(message, failed.cause().getMessage());
      var good = request(0, WireType.F32, 40, Request.NO_TIMEOUT);
      queue.offer(good);
      assertInstanceOf(Outcome.Computed.class, memo(good).await());
    }
    assertEquals(2, counters.get(ExpertCounter.BATCHES_FAILED));
    assertTrue(batcher.stop(PATIENCE));
  }

  @Test
  void survivesARequesterThatFails() throws Exception {
    var trouble = request(0, WireType.F32);
    memo(trouble).told(new Outcome.Stopped(0));
    var good = request(0, WireType.F32);
    queue.offer(trouble);
    queue.offer(good);
    runToTheEnd(cpu);
    assertInstanceOf(Outcome.Computed.class, memo(good).await());
  }

  @Test
  void stoppingTellsWhatWasNeverComputed() throws Exception {
    var waiting = request(0, WireType.F32);
    queue.offer(waiting);
    assertTrue(batcher(cpu).stop(PATIENCE));
    assertEquals(new Outcome.Stopped(0), memo(waiting).await());
    assertEquals(RequestQueue.Admission.CLOSED, queue.offer(request(0, WireType.F32)));
  }

  @Test
  void aRunThatNeverEndsIsReportedAndNotWaitedForAnyLonger() throws Exception {
    var batcher = batcher((ExpertBackendFake) (_, _) -> {});
    batcher.start();
    queue.offer(request(0, WireType.F32));
    assertEquals(false, batcher.stop(Duration.ofMillis(20)));
  }

  @Test
  void admitsNoMoreThanItsCapacity() {
    var small = new RequestQueue(2);
    assertEquals(RequestQueue.Admission.ADMITTED, small.offer(request(0, WireType.F32)));
    assertEquals(RequestQueue.Admission.ADMITTED, small.offer(request(1, WireType.F32)));
    assertEquals(RequestQueue.Admission.FULL, small.offer(request(0, WireType.F32)));
  }
}
