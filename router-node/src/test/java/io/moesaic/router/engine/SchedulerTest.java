package io.moesaic.router.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moesaic.router.capacity.CapacityJson;
import io.moesaic.router.capacity.CapacityPolicy;
import io.moesaic.router.engine.Grouping.Pace;
import io.moesaic.router.engine.Scheduler.Slice;
import io.moesaic.router.trunk.KvPool;
import io.moesaic.router.trunk.TrunkConfig;
import io.moesaic.tensor.Refused;
import io.moesaic.tensor.TestModels;
import io.moesaic.tensor.checkpoint.ModelConfig;
import io.moesaic.tensor.kernel.Randoms;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// How work is cut into steps, without computing any of it.
class SchedulerTest {
  private static final CapacityPolicy PER_SEQUENCE = CapacityJson.parse("{\"factor\": 1}");
  private static final CapacityPolicy PER_REQUEST =
      CapacityJson.parse("{\"factor\": 1, \"scope\": \"request\"}");
  private static final Grouping GROUPING = new Grouping(CapacityPolicy.DROPLESS, false);

  private final Randoms random = new Randoms(Arena.ofAuto());
  private final KvPool pool =
      new KvPool(TrunkConfig.of(ModelConfig.read(TestModels.mixtral())), 1 << 16);

  @AfterEach
  void close() {
    pool.close();
  }

  private static Cohort cohort(CapacityPolicy capacity, int maxTokens, int... lengths) {
    return cohort(OptionalInt.empty(), capacity, maxTokens, lengths);
  }

  /// Texts whose prompts are encoded.
  private static Cohort encoded(CapacityPolicy capacity, int maxTokens, int... lengths) {
    return cohort(OptionalInt.of(0), capacity, maxTokens, lengths);
  }

  private static Cohort cohort(
      OptionalInt start, CapacityPolicy capacity, int maxTokens, int... lengths) {
    var texts =
        IntStream.of(lengths)
            .mapToObj(length -> EngineBench.greedy(maxTokens, new int[length]))
            .map(text -> text.with(new MoeOptions(Optional.of(capacity), false, false)))
            .toList();
    return Cohort.of(texts, texts.stream().map(_ -> new Client()).toList(), start);
  }

  /// Does as the engine does with what was computed.
  private static void publish(Scheduler scheduler, List<Slice> slices) {
    for (var slice : slices) {
      var sequence = slice.sequence();
      sequence.advance(slice.count());
      if (slice.completes()) {
        sequence.append(7);
        if (sequence.generated() == sequence.request().maxTokens()) {
          scheduler.remove(sequence);
        }
      }
    }
  }

  /// The sizes of the next step's slices.
  private static List<Integer> step(Scheduler scheduler) {
    scheduler.admit(GROUPING);
    var slices = scheduler.schedule(GROUPING);
    publish(scheduler, slices);
    return slices.stream().map(Slice::count).toList();
  }

  @Test
  void cutsALimitedPromptAtFixedPositionsAndAnotherByTheBudget() {
    // Windows of 30 - 3 + 1 = 28.
    var scheduler = new Scheduler(pool, new EngineLimits(10, 3, 30));
    scheduler.add(cohort(CapacityPolicy.DROPLESS, 2, 45));
    assertEquals(List.of(30), step(scheduler));
    scheduler.add(cohort(PER_SEQUENCE, 2, 60));
    // The 15 that are left leave no room for a window.
    assertEquals(List.of(15), step(scheduler));
    assertEquals(List.of(1, 28), step(scheduler));
    scheduler.add(cohort(CapacityPolicy.DROPLESS, 2, 5));
    assertEquals(List.of(28, 2), step(scheduler));
    assertEquals(List.of(4, 3), step(scheduler));
    assertEquals(List.of(1, 1), step(scheduler));
    assertTrue(scheduler.isEmpty());
  }

  @Test
  void promptsAreEncodedWholeInStepsOfTheirOwn() {
    var scheduler = new Scheduler(pool, new EngineLimits(10, 5, 30));
    scheduler.add(encoded(CapacityPolicy.DROPLESS, 3, 20));
    scheduler.add(encoded(PER_SEQUENCE, 2, 30));
    scheduler.add(encoded(CapacityPolicy.DROPLESS, 2, 10));
    // 30 do not fit beside 20, but 10 do.
    assertEquals(List.of(20, 10), step(scheduler));
    // Texts grow before the next prompt's turn.
    assertEquals(List.of(1, 1), step(scheduler));
    assertEquals(List.of(30), step(scheduler));
    assertEquals(List.of(1, 1, 1), step(scheduler));
    scheduler.add(encoded(PER_REQUEST, 1, 14, 15));
    assertEquals(List.of(14, 15), step(scheduler));
    assertEquals(List.of(1, 1, 1, 1), step(scheduler));
    assertTrue(scheduler.isEmpty());
  }

  @Test
  void aPromptThatIsTooLongToBeEncodedIsRefused() {
    var scheduler = new Scheduler(pool, new EngineLimits(10, 4, 30));
    scheduler.requireFits(encoded(CapacityPolicy.DROPLESS, 3, 30), GROUPING);
    var sentence =
        Refused.with(
            IllegalArgumentException.class,
            () -> scheduler.requireFits(encoded(CapacityPolicy.DROPLESS, 3, 31), GROUPING));
    assertTrue(sentence.contains("31 tokens, must have at most 30"), sentence);
    var together =
        Refused.with(
            IllegalArgumentException.class,
            () -> scheduler.requireFits(encoded(PER_REQUEST, 3, 16, 15), GROUPING));
    assertTrue(together.contains("31 tokens, must have at most 30"), together);
  }

  @Test
  void textsInLockstepStepTogetherOrNotAtAll() {
    // Windows of (60 - 5 + 1) / 3 = 18.
    var scheduler = new Scheduler(pool, new EngineLimits(10, 5, 60));
    scheduler.add(cohort(CapacityPolicy.DROPLESS, 1, 100));
    scheduler.add(cohort(PER_REQUEST, 3, 40, 2, 20));
    assertEquals(List.of(60), step(scheduler));
    // Of 20 rows that are left, one window would fit, but all three are 38.
    assertEquals(List.of(40), step(scheduler));
    assertEquals(List.of(18, 2, 18), step(scheduler));
    assertEquals(List.of(18, 1, 2), step(scheduler));
    assertEquals(List.of(4, 1, 1), step(scheduler));
    assertEquals(List.of(1, 1), step(scheduler));
    assertEquals(List.of(1), step(scheduler));
    assertTrue(scheduler.isEmpty());
  }

  @Test
  void textsInLockstepAreAdmittedTogether() {
    var scheduler = new Scheduler(pool, new EngineLimits(10, 4, 60));
    scheduler.add(cohort(CapacityPolicy.DROPLESS, 2, 3, 3));
    scheduler.add(cohort(PER_REQUEST, 1, 2, 2, 2));
    scheduler.add(cohort(CapacityPolicy.DROPLESS, 1, 9));
    // There is room for two of three, which wait, and those behind them too.
    assertEquals(List.of(3, 3), step(scheduler));
    assertEquals(List.of(1, 1), step(scheduler));
    assertEquals(List.of(2, 2, 2, 9), step(scheduler));
    assertTrue(scheduler.isEmpty());
  }

  /// New requests of all kinds come without end; whoever came first still goes on at every step.
  @Test
  void whoeverRunsLongestGoesOnAtEveryStep() {
    for (var limits :
        List.of(
            new EngineLimits(100, 8, 8),
            new EngineLimits(100, 7, 24),
            new EngineLimits(9, 3, 64))) {
      var scheduler = new Scheduler(pool, limits);
      for (int step = 0; step < 2000; step++) {
        if (scheduler.all().size() < 20) {
          scheduler.add(anyCohort(limits));
        }
        scheduler.admit(GROUPING);
        var running = scheduler.all().stream().filter(Sequence::running).toList();
        var slices = scheduler.schedule(GROUPING);
        assertSound(slices, running, limits);
        publish(scheduler, slices);
      }
    }
  }

  private Cohort anyCohort(EngineLimits limits) {
    var policies = List.of(CapacityPolicy.DROPLESS, PER_SEQUENCE, PER_REQUEST);
    var lengths =
        IntStream.range(0, random.between(1, Math.min(4, limits.running())))
            .map(_ -> random.between(1, random.between(1, 80)))
            .toArray();
    return cohort(policies.get(random.between(0, 2)), random.between(1, 12), lengths);
  }

  private void assertSound(List<Slice> slices, List<Sequence> running, EngineLimits limits) {
    var why = limits + " " + random.seed();
    var advancing = slices.stream().map(Slice::sequence).collect(Collectors.toSet());
    assertEquals(slices.size(), advancing.size(), "a sequence is there twice: " + why);
    assertTrue(slices.stream().mapToInt(Slice::count).sum() <= limits.stepTokens(), why);
    assertTrue(advancing.contains(running.getFirst()), "the first one waits: " + why);
    for (var sequence : running) {
      boolean decodes = sequence.pending() == 1 && GROUPING.pace(sequence) != Pace.LOCKSTEP;
      assertTrue(!decodes || advancing.contains(sequence), "one that decodes waits: " + why);
    }
    for (var slice : slices) {
      var sequence = slice.sequence();
      int members = sequence.cohort().members().size();
      var pace = GROUPING.pace(sequence);
      if (pace != Pace.FREE) {
        int window = limits.window(pace == Pace.LOCKSTEP ? members : 1);
        int end = slice.from() + slice.count();
        assertTrue(end % window == 0 || slice.completes(), "a window is cut: " + why);
        assertEquals(slice.from() / window, (end - 1) / window, "two windows at once: " + why);
      }
      if (pace == Pace.LOCKSTEP) {
        var live = new ArrayList<>(sequence.cohort().members());
        live.removeIf(Sequence::ended);
        assertTrue(advancing.containsAll(new HashSet<>(live)), "not in lockstep: " + why);
      }
    }
    assertFalse(slices.isEmpty(), why);
  }
}
