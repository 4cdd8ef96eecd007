package io.moesaic.router.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moesaic.router.sampling.SamplingParams;
import io.moesaic.router.trunk.KvPool;
import io.moesaic.tensor.Refused;
import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What ends a text, who waits, and who is turned away.
class EngineTest {
  private static final int[] PROMPT = {9, 60, 33, 7, 101};

  private final EngineBench bench = new EngineBench(new EngineLimits(2, 1, 64), 2 * KvPool.BLOCK);

  @AfterEach
  void close() {
    bench.close();
  }

  private static GenerationRequest stoppedBy(Set<Integer> stopTokens, int minTokens) {
    return new GenerationRequest(PROMPT, 10, minTokens, SamplingParams.GREEDY, stopTokens, false);
  }

  @Test
  void aTextOfNoTokensOnlyScoresThePrompt() throws Exception {
    var told =
        bench.run(new GenerationRequest(PROMPT, 0, 0, EngineBench.seeded(1), Set.of(), true));
    assertEquals(PROMPT.length, told.prompt().size());
    assertEquals(List.of(), told.text());
    assertEquals(FinishReason.LENGTH, told.end());
  }

  @Test
  void aStopTokenEndsTheTextAndIsNotPartOfIt() throws Exception {
    var free = bench.run(EngineBench.greedy(10, PROMPT));
    assertEquals(FinishReason.LENGTH, free.end());
    assertEquals(10, free.tokens().size());
    int stop = free.tokens().get(4);
    var told = bench.run(stoppedBy(Set.of(stop, 500), 0));
    assertEquals(free.tokens().subList(0, free.tokens().indexOf(stop)), told.tokens());
    assertEquals(FinishReason.STOP, told.end());
  }

  @Test
  void aStopTokenIsNotChosenBeforeTheLeastLength() throws Exception {
    int first = bench.run(EngineBench.greedy(1, PROMPT)).tokens().getFirst();
    assertEquals(List.of(), bench.run(stoppedBy(Set.of(first), 0)).tokens());
    var told = bench.run(stoppedBy(Set.of(first), 3));
    assertTrue(told.tokens().size() >= 3, told.tokens() + " are too few");
    assertFalse(told.tokens().contains(first));
  }

  @Test
  void turnsAwayWhoWouldBeOneTooManyAndHasRoomAgainAfterwards() throws Exception {
    for (int round = 0; round < 2; round++) {
      bench.moe.stepByStep();
      var running = bench.submit(EngineBench.greedy(4, PROMPT));
      bench.moe.awaitStep();
      var second = bench.submit(EngineBench.greedy(4, PROMPT));
      var third = bench.submit(EngineBench.greedy(4, PROMPT));
      var refusal =
          assertThrows(QueueFullException.class, () -> bench.submit(EngineBench.greedy(4, PROMPT)));
      assertEquals(
          "2 texts are waiting, with 1 more they would be above 2; try again in 1000 ms",
          refusal.getMessage());
      assertEquals(1000, refusal.retryAfterMillis());
      assertEquals(3, bench.engine.unfinished());
      bench.moe.run();
      var told = running.await();
      assertEquals(told, second.await());
      assertEquals(told, third.await());
      bench.awaitIdle();
    }
  }

  @Test
  void refusesATextThatCouldNeverFit() throws Exception {
    int room = 2 * KvPool.BLOCK;
    // The last token needs no room, it is never fed back.
    var request = EngineBench.greedy(room - PROMPT.length + 2, PROMPT);
    assertEquals(
        "the text may come to 129 positions in 3 blocks, but there is memory for 2 only",
        Refused.with(IllegalArgumentException.class, () -> bench.submit(request)));
    Refused.with(
        IllegalArgumentException.class,
        () -> bench.submit(EngineBench.greedy(Integer.MAX_VALUE, PROMPT)));
    var longest = bench.run(EngineBench.greedy(room - PROMPT.length + 1, PROMPT));
    assertEquals(FinishReason.LENGTH, longest.end());
  }

  @Test
  void whoIsCancelledWhileWaitingIsNeverComputed() throws Exception {
    bench.moe.stepByStep();
    var running = bench.submit(EngineBench.greedy(6, PROMPT));
    bench.moe.awaitStep();
    var gone = new Client();
    var generation = bench.submit(EngineBench.greedy(6, PROMPT), gone);
    var next = bench.submit(EngineBench.greedy(6, PROMPT));
    generation.cancel();
    generation.cancel();
    bench.moe.run();
    assertEquals(running.await(), next.await());
    bench.awaitIdle();
    assertFalse(gone.hasEnded());
    generation.cancel();
    assertEquals(6, bench.run(EngineBench.greedy(6, PROMPT)).tokens().size());
  }

  @Test
  void whoIsCancelledWhileRunningMakesRoomAtOnce() throws Exception {
    bench.moe.stepByStep();
    var gone = new Client();
    var generation = bench.submit(EngineBench.greedy(100, PROMPT), gone);
    bench.moe.awaitStep();
    var next = bench.submit(EngineBench.greedy(6, PROMPT));
    bench.moe.allow();
    bench.moe.awaitStep();
    generation.cancel();
    bench.moe.run();
    assertEquals(6, next.await().tokens().size());
    bench.awaitIdle();
    assertFalse(gone.hasEnded());
  }

  @Test
  void closingFailsAllThatIsLeft() throws Exception {
    bench.moe.stepByStep();
    var running = bench.submit(EngineBench.greedy(50, PROMPT));
    bench.moe.awaitStep();
    bench.moe.allow();
    bench.moe.awaitStep();
    var waiting = bench.submit(EngineBench.greedy(50, PROMPT));
    // The step hangs in its experts: closing does not wait for them.
    bench.engine.close();
    for (var client : List.of(running, waiting, bench.submit(EngineBench.greedy(1, PROMPT)))) {
      assertEquals(
          new GenerationFailure(
              GenerationFailure.Code.SHUTTING_DOWN, "The server is shutting down."),
          client.await().end());
    }
    assertEquals(1, running.await().tokens().size());
    bench.engine.close();
  }
}
