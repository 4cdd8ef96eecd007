package io.moesaic.router.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moesaic.router.engine.GenerationFailure.Code;
import io.moesaic.router.sampling.SamplingParams;
import io.moesaic.router.sampling.SamplingParams.Penalties;
import io.moesaic.router.sampling.TokenScore;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// A request that fails takes nobody with it, and leaves nothing behind.
class FailingStepsTest {
  private static final GenerationRequest ONE = EngineBench.greedy(8, 77);
  private static final GenerationRequest FIVE = EngineBench.greedy(8, 5, 18, 99, 12, 64);
  private static final GenerationRequest SEVEN = EngineBench.greedy(8, 30, 31, 32, 33, 34, 35, 36);

  private final EngineBench bench = new EngineBench(new EngineLimits(3, 8, 64));

  @AfterEach
  void close() {
    bench.close();
  }

  @Test
  void aRowThatFailsFailsItsSequenceOnly() throws Exception {
    var alone = EngineBench.alone(List.of(ONE, FIVE));
    for (int layer : new int[] {0, 1}) {
      bench.moe.stepByStep();
      var one = bench.submit(ONE);
      bench.moe.awaitStep();
      var five = bench.submit(FIVE);
      var seven = bench.submit(SEVEN);
      // The next step decodes the first and takes the prompts of both others: 1 + 5 + 7 rows.
      bench.moe.strikeWith(
          (at, rows, failures) -> {
            if (at == layer && rows == 13) {
              failures.fail(8, "expert 1.4 is on fire");
              failures.fail(10, "and so is 1.5");
            }
          });
      bench.moe.run();
      var told = seven.await();
      assertEquals(
          new GenerationFailure(Code.EXPERT_UNAVAILABLE, "expert 1.4 is on fire"), told.end());
      assertEquals(List.of(), told.text());
      assertEquals(alone, List.of(one.await(), five.await()));
      bench.awaitIdle();
    }
  }

  @Test
  void aStepThatThrowsFailsWhoWasInItAndNobodyLater() throws Exception {
    var alone = EngineBench.alone(List.of(FIVE));
    for (var trouble : List.of(new IllegalStateException("no luck"), new AssertionError("bug"))) {
      var thrown = new AtomicBoolean();
      bench.moe.strikeWith(
          (layer, _, _) -> {
            if (layer == 1 && !thrown.getAndSet(true)) {
              throwIt(trouble);
            }
          });
      var told = bench.run(FIVE);
      assertEquals(Code.INTERNAL, told.failure().code());
      assertEquals("The step failed: " + trouble, told.failure().message());
      bench.awaitIdle();
      assertEquals(alone, List.of(bench.run(FIVE)));
    }
  }

  private static void throwIt(Throwable trouble) {
    switch (trouble) {
      case RuntimeException e -> throw e;
      case Error e -> throw e;
      default -> throw new IllegalArgumentException(trouble);
    }
  }

  /// Throws at one of the listener's methods.
  private static final class Clumsy extends Client {
    private final String method;

    Clumsy(String method) {
      this.method = method;
    }

    private void stumble(String here) {
      if (here.equals(method)) {
        throw new IllegalStateException("stumbled in " + method);
      }
    }

    @Override
    public void promptScored(List<TokenScore> tokens) {
      stumble("promptScored");
      super.promptScored(tokens);
    }

    @Override
    public void generated(TokenScore token) {
      stumble("generated");
      super.generated(token);
    }

    @Override
    public void finished(FinishReason reason) {
      super.finished(reason);
      stumble("finished");
    }

    @Override
    public void failed(GenerationFailure failure) {
      super.failed(failure);
      stumble("failed");
    }
  }

  @Test
  void aListenerThatThrowsFailsAlone() throws Exception {
    var alone = EngineBench.alone(List.of(FIVE));
    for (var method : List.of("promptScored", "generated", "finished")) {
      var clumsy = new Clumsy(method);
      var request =
          new GenerationRequest(new int[] {4, 5, 6}, 3, 0, SamplingParams.GREEDY, Set.of(), true);
      bench.submit(request, clumsy);
      var other = bench.submit(FIVE);
      var told = clumsy.await();
      if (method.equals("finished")) {
        assertEquals(FinishReason.LENGTH, told.end());
      } else {
        assertEquals(Code.INTERNAL, told.failure().code());
        assertTrue(told.failure().message().contains("stumbled in " + method), method);
      }
      assertEquals(alone, List.of(other.await()));
      bench.awaitIdle();
    }
    assertTheQueueHoldsExactly(3);
  }

  @Test
  void aListenerThatThrowsWhenItIsToldOfAFailureIsDoneWith() throws Exception {
    bench.moe.strikeWith((_, _, failures) -> failures.fail(0, "lost"));
    var clumsy = new Clumsy("failed");
    bench.submit(FIVE, clumsy);
    assertEquals("lost", clumsy.await().failure().message());
    bench.awaitIdle();
    bench.moe.strikeWith(null);
    assertEquals(8, bench.run(FIVE).tokens().size());
    bench.awaitIdle();
    assertTheQueueHoldsExactly(3);
  }

  @Test
  void aListenerThatThrowsDoesNotKeepTheEngineFromClosing() throws Exception {
    bench.moe.stepByStep();
    var clumsy = List.of(new Clumsy("failed"), new Clumsy("failed"), new Clumsy("failed"));
    bench.submit(FIVE, clumsy.get(0));
    bench.moe.awaitStep();
    bench.submit(FIVE, clumsy.get(1));
    bench.engine.close();
    bench.submit(FIVE, clumsy.get(2));
    for (var client : clumsy) {
      assertEquals(Code.SHUTTING_DOWN, client.await().failure().code());
    }
  }

  /// A token that the vocabulary does not have: whoever took the request should have refused it.
  @Test
  void aRequestThatCannotBeSampledFailsAlone() throws Exception {
    var params = new SamplingParams(1, 1, 0, 0, 0, -1, Penalties.NONE, Map.of(1 << 20, 1f));
    var told = bench.run(new GenerationRequest(new int[] {4}, 3, 0, params, Set.of(), false));
    assertEquals(Code.INTERNAL, told.failure().code());
    bench.awaitIdle();
    assertEquals(8, bench.run(FIVE).tokens().size());
  }

  /// The count of those that wait has not drifted.
  private void assertTheQueueHoldsExactly(int bound) throws Exception {
    bench.moe.stepByStep();
    bench.submit(ONE);
    bench.moe.awaitStep();
    int accepted = 0;
    try {
      for (; accepted < 10; accepted++) {
        bench.submit(ONE);
      }
    } catch (QueueFullException _) {
      // as it should
    }
    bench.moe.run();
    assertEquals(bound, accepted);
    bench.awaitIdle();
  }
}
