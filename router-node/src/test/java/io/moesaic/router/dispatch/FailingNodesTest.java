package io.moesaic.router.dispatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import io.moesaic.router.dispatch.ExpertRouter.Result;
import io.moesaic.router.gate.Choices;
import io.moesaic.router.moe.ReferenceMoe;
import io.moesaic.router.trunk.RowFailures;
import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.TestModels;
import io.moesaic.tensor.kernel.Randoms;
import io.moesaic.wire.WireType;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.time.Duration;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Two nodes share the experts, the even and the odd ones. What the odd one does wrong fails the
/// rows that need it, with a reason that names it; the others keep their bits.
class FailingNodesTest {
  private static final Path MODEL = TestModels.mixtral();
  private static final int ROWS = 24;
  private static final Duration LONG = Duration.ofSeconds(30);
  private static final Duration SHORT = Duration.ofSeconds(2);

  private final Randoms random = new Randoms(Arena.ofAuto());
  private final ScriptedExpertNode even =
      new ScriptedExpertNode("even", MODEL, id -> id.expert() % 2 == 0);
  private final ScriptedExpertNode odd =
      new ScriptedExpertNode("odd", MODEL, id -> id.expert() % 2 == 1);
  private final Matrix hidden = Matrix.allocate(ROWS, 32);
  private final Matrix expected = Matrix.allocate(ROWS, 32);
  private final BitSet needOdd = new BitSet();

  /// Takes rows of both kinds, in turn, from as many as are sure to hold enough.
  FailingNodesTest() {
    int many = 100 * ROWS;
    var inputs = random.matrix(many, 32);
    var outputs = Matrix.allocate(many, 32);
    var oddRows = new BitSet();
    try (var reference =
        new ReferenceMoe(MODEL, WireType.F32, (_, _, choices, _) -> noteOdd(choices, oddRows))) {
      reference.forward(0, inputs, outputs, new RowFailures(many));
    }
    int nextOdd = -1;
    int nextEven = -1;
    for (int row = 0; row < ROWS; row++) {
      needOdd.set(row, row % 2 == 1);
      nextOdd = needOdd.get(row) ? oddRows.nextSetBit(nextOdd + 1) : nextOdd;
      nextEven = needOdd.get(row) ? nextEven : oddRows.nextClearBit(nextEven + 1);
      int from = needOdd.get(row) ? nextOdd : nextEven;
      hidden.copyRow(row, inputs, from);
      expected.copyRow(row, outputs, from);
    }
  }

  private static void noteOdd(Choices choices, BitSet oddRows) {
    for (int row = 0; row < choices.rows(); row++) {
      for (int rank = 0; rank < choices.ranks(); rank++) {
        if (choices.expert(row, rank) % 2 == 1) {
          oddRows.set(row);
        }
      }
    }
  }

  @AfterEach
  void close() {
    even.close();
    odd.close();
  }

  private ExpertRouter router(Duration timeout) throws InterruptedException {
    var router =
        new ExpertRouter(MODEL, WireType.F32, timeout, List.of(even.address(), odd.address()));
    router.awaitComplete();
    return router;
  }

  /// @param reason of every row that failed
  private void assertOddFailed(Result result, String reason) {
    for (int row = 0; row < ROWS; row++) {
      if (needOdd.get(row)) {
        assertEquals(reason, result.failures().reason(row), random.seed());
      }
    }
    assertOddFailed(result);
  }

  private void assertOddFailed(Result result) {
    for (int row = 0; row < ROWS; row++) {
      boolean failed = needOdd.get(row);
      assertEquals(failed, result.failures().failed(row), random.seed());
      for (int i = 0; i < 32; i++) {
        float wanted = failed ? 0 : expected.get(row, i);
        assertEquals(
            Float.floatToRawIntBits(wanted),
            Float.floatToRawIntBits(result.output().get(row, i)),
            random.seed());
      }
    }
  }

  private void assertAllWell(Result result) {
    assertTrue(result.complete(), result.failed() + " rows failed, " + random.seed());
    for (int row = 0; row < ROWS; row++) {
      for (int i = 0; i < 32; i++) {
        assertEquals(expected.get(row, i), result.output().get(row, i), random.seed());
      }
    }
  }

  @Test
  void aRefusedBatchFailsItsRowsAndNotTheStream() throws Exception {
    try (var router = router(LONG)) {
      odd.next(new Reaction.Refuse(Status.Code.RESOURCE_EXHAUSTED, "the queue is full"));
      assertOddFailed(
          router.forward(0, hidden), odd.label() + " refused the batch: the queue is full");
      assertAllWell(router.forward(0, hidden));
    }
  }

  @Test
  void aMalformedReplyEndsTheStreamWhichIsOpenedAgain() throws Exception {
    try (var router = router(LONG)) {
      for (var bad :
          List.of(
              new Reaction.MiscountBy(-1),
              new Reaction.MiscountBy(1),
              new Reaction.MiscountBy(1000),
              new Reaction.Narrow())) {
        odd.next(bad);
        var result = router.forward(0, hidden);
        assertOddFailed(result);
        var reason = reason(result);
        assertTrue(
            reason.startsWith(
                odd.label()
                    + " sent a malformed reply, check that it has the router's version: "
                    + "data_header"),
            reason);
        assertAllWell(router.forwardUntilComplete(0, hidden));
      }
    }
  }

  private String reason(Result result) {
    return String.valueOf(result.failures().reason(needOdd.nextSetBit(0)));
  }

  @Test
  void bytesThatAreNoMessageEndTheStreamWhichIsOpenedAgain() throws Exception {
    try (var router = router(LONG)) {
      for (var bytes :
          List.of(
              new byte[] {(byte) 0xff, (byte) 0xff, 1},
              new byte[] {0x1a, 2, 9, 9}, // app_metadata that is no header
              new byte[] {0x12, 100, 1})) { // a field longer than the message
        odd.next(new Reaction.Send(bytes));
        var result = router.forward(0, hidden);
        assertOddFailed(result);
        var reason = reason(result);
        assertTrue(reason.startsWith(odd.label() + " is gone: malformed reply: "), reason);
        assertTrue(reason.endsWith("; try again when it is back"), reason);
        assertAllWell(router.forwardUntilComplete(0, hidden));
      }
    }
  }

  @Test
  void aStreamThatEndsFailsWhatWasOnItAndIsOpenedAgain() throws Exception {
    try (var router = router(LONG)) {
      odd.next(new Reaction.End(Status.UNAVAILABLE.withDescription("maintenance")));
      assertOddFailed(
          router.forward(0, hidden),
          odd.label() + " is gone: maintenance; try again when it is back");
      assertAllWell(router.forwardUntilComplete(0, hidden));
      odd.next(new Reaction.End(Status.OK));
      assertOddFailed(
          router.forward(0, hidden), odd.label() + " is gone: OK; try again when it is back");
      assertAllWell(router.forwardUntilComplete(0, hidden));
    }
  }

  @Test
  void aBatchThatIsNotAnsweredIsGivenUpAndItsLateReplyReleased() throws Exception {
    try (var router = router(SHORT)) {
      odd.next(Reaction.KEEP, Reaction.KEEP);
      for (int n = 1; n <= 2; n++) {
        assertOddFailed(
            router.forward(0, hidden),
            odd.label()
                + " did not answer within 2000 ms; try again, or allow a longer dispatch timeout");
        assertEquals(n, odd.kept());
      }
      odd.answerKept();
      // Replies come in the order in which they were sent: after this one the late ones are there.
      assertAllWell(router.forward(0, hidden));
      assertEquals(0, router.bytesInUse());
    }
  }

  @Test
  void whoIsInterruptedDoesNotWaitForTheDeadline() throws Exception {
    try (var router = router(LONG)) {
      odd.next(Reaction.KEEP);
      var done = new CompletableFuture<Result>();
      var waiter =
          Thread.ofPlatform()
              .start(
                  () -> {
                    done.complete(router.forward(0, hidden));
                    assertTrue(Thread.currentThread().isInterrupted());
                  });
      while (odd.kept() == 0) {
        Thread.sleep(1);
      }
      waiter.interrupt();
      var result = done.get(10, TimeUnit.SECONDS);
      waiter.join();
      var reason = reason(result);
      // The other node may not have answered yet either.
      assertTrue(reason.matches("the router stopped while .* computed"), reason);
      odd.answerKept();
      assertAllWell(router.forward(0, hidden));
    }
  }

  @Test
  void aNodeThatDiesIsNamedUntilItIsBackOnItsPort() throws Exception {
    try (var router = router(LONG)) {
      odd.next(Reaction.ANSWER, new Reaction.Die());
      assertAllWell(router.forward(0, hidden));
      var dying = router.forward(0, hidden);
      assertOddFailed(dying);
      assertTrue(reason(dying).startsWith(odd.label() + " is gone: "), reason(dying));

      router.await(1, ExpertNodeState.Status.DOWN);
      while (router.fleet().placement().missing().isEmpty()) {
        Thread.sleep(1);
      }
      var without = router.forward(0, hidden);
      assertOddFailed(without);
      var reason = reason(without);
      assertTrue(reason.startsWith("no node serves expert 0."), reason);
      assertTrue(reason.contains(odd.address() + " is down ("), reason);

      odd.comeBack();
      router.awaitComplete();
      assertAllWell(router.forward(0, hidden));
    }
  }

  @Test
  void rowsThatHaveFailedBeforeAreNotSent() throws Exception {
    try (var router = router(LONG)) {
      // Nobody answers for the odd node, so its rows must not be waited for.
      odd.next(Reaction.KEEP);
      var result = router.forwardWithout(needOdd, 0, hidden);
      assertOddFailed(result, "failed before");
      assertEquals(0, odd.kept());
    }
  }

  @Test
  void closingDoesNotLeakWhatIsStillAwaited() throws Exception {
    var router = router(Duration.ofMillis(50));
    odd.next(Reaction.KEEP);
    assertTrue(router.forward(0, hidden).failed() >= needOdd.cardinality());
    router.close();
    odd.answerKept();
  }
}
