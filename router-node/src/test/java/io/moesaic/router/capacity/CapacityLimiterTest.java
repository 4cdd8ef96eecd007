package io.moesaic.router.capacity;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moesaic.router.capacity.Batches.Batch;
import io.moesaic.router.capacity.CapacityPolicy.Overflow;
import io.moesaic.router.capacity.CapacityPolicy.Per;
import io.moesaic.router.capacity.CapacityPolicy.Priority;
import io.moesaic.router.capacity.CapacityPolicy.Renormalize;
import io.moesaic.router.capacity.CapacityPolicy.Scope;
import io.moesaic.router.capacity.CapacityRule.Formula;
import io.moesaic.router.capacity.CapacityRule.Rounding;
import io.moesaic.router.gate.Choices;
import io.moesaic.router.gate.Gating;
import io.moesaic.router.gate.TokenRows;
import io.moesaic.router.placement.Placement;
import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.kernel.Randoms;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// What holds of every capacity policy, on 10,000 random batches.
class CapacityLimiterTest {
  private static final int CASES = 10_000;

  private final Randoms random = new Randoms(Arena.ofAuto());
  private final Batches batches = new Batches(random);

  private Supplier<String> seed(Batch batch) {
    return () -> random.seed() + " " + batch.limits();
  }

  private static void assertSameBits(float expected, float actual, Supplier<String> message) {
    assertEquals(Float.floatToRawIntBits(expected), Float.floatToRawIntBits(actual), message);
  }

  @Test
  void admitsAsItsPlainTwinDoes() {
    for (int i = 0; i < CASES; i++) {
      var batch = batches.any();
      var admission = batch.admit();
      assertSame(batch.gating().choices(), admission.offered());
      long places = 0;
      for (int group = 0; group < 3; group++) {
        var policy = batch.limits().get(group);
        var rows = batch.rows(group);
        if (policy.limits() && group < batch.tokens().groupCount()) {
          var twin =
              new PlainLimiter(policy, batch.gating(), batch.tokens(), batch.placement(), rows);
          for (var choice : twin.limit()) {
            Supplier<String> message =
                () -> seed(batch).get() + " row " + choice.row + " rank " + choice.rank;
            var admitted = admission.admitted();
            assertEquals(choice.expert, admitted.expert(choice.row, choice.rank), message);
            assertSameBits(choice.weight, admitted.weight(choice.row, choice.rank), message);
            assertEquals(choice.slot, admission.slot(choice.row, choice.rank), message);
          }
          boolean limited = twin.capacity() != CapacityRule.UNLIMITED;
          places += limited ? (long) twin.capacity() * batch.gating().scores().cols() : 0;
        } else {
          assertUntouched(rows, admission, seed(batch));
        }
      }
      assertUntouched(batch.skipped().stream().boxed().toList(), admission, seed(batch));
      assertEquals(places, admission.places(), seed(batch));
    }
  }

  private static void assertUntouched(
      List<Integer> rows, Admission admission, Supplier<String> message) {
    for (int row : rows) {
      for (int rank = 0; rank < admission.offered().ranks(); rank++) {
        assertEquals(
            admission.offered().expert(row, rank), admission.admitted().expert(row, rank), message);
        assertSameBits(
            admission.offered().weight(row, rank), admission.admitted().weight(row, rank), message);
        assertEquals(-1, admission.slot(row, rank), message);
      }
    }
  }

  @Test
  void whatIsAcceptedDroppedAndReroutedIsWhatWasOffered() {
    for (int i = 0; i < CASES; i++) {
      var batch = batches.any();
      var admission = batch.admit();
      int rows = batch.tokens().count();
      var tallies = new RowTallies(rows);
      tallies.add(admission);
      var counters = new RoutingCounters(1, batch.gating().scores().cols());
      counters.add(0, admission);
      var load = counters.snapshot().getFirst();
      var totals = tallies.totals(0, rows);
      assertEquals(
          totals.offered(), totals.accepted() + totals.dropped() + totals.rerouted(), seed(batch));
      assertEquals(totals, load.totals(), seed(batch));
      assertTrue(load.paddedFraction() >= 0 && load.paddedFraction() <= 1, seed(batch));
      assertTrue(load.massDropped() >= 0 && load.massDropped() <= 1, seed(batch));
      for (int row = 0; row < rows; row++) {
        assertNoExpertTwice(admission.admitted(), row, seed(batch));
      }
    }
  }

  private static void assertNoExpertTwice(Choices choices, int row, Supplier<String> message) {
    for (int rank = 0; rank < choices.ranks(); rank++) {
      for (int other = 0; other < rank; other++) {
        boolean same = choices.expert(row, rank) == choices.expert(row, other);
        assertFalse(same && choices.expert(row, rank) != Choices.NONE, message);
      }
    }
  }

  @Test
  void noExpertAndNoNodeTakesMoreThanItsCapacity() {
    for (int i = 0; i < CASES; i++) {
      var batch = batches.any();
      var admitted = batch.admit().admitted();
      for (int group = 0; group < batch.tokens().groupCount(); group++) {
        var policy = batch.limits().get(group);
        if (policy.limits()) {
          var rows = batch.rows(group);
          int experts = batch.gating().scores().cols();
          int fullest =
              Arrays.stream(loads(batch.gating().choices(), rows, experts)).max().orElse(0);
          long capacity = policy.rule(0).capacity(rows.size(), experts, admitted.ranks(), fullest);
          int[] loads = loads(admitted, rows, experts);
          for (int expert = 0; expert < experts; expert++) {
            assertNotAbove(capacity, policy.per(), expert, loads, batch);
          }
        }
      }
    }
  }

  private static int[] loads(Choices choices, List<Integer> rows, int experts) {
    var loads = new int[experts];
    for (int row : rows) {
      for (int rank = 0; rank < choices.ranks(); rank++) {
        if (choices.expert(row, rank) != Choices.NONE) {
          loads[choices.expert(row, rank)]++;
        }
      }
    }
    return loads;
  }

  /// What is at the expert, or at all experts of its node.
  private void assertNotAbove(long capacity, Per per, int expert, int[] loads, Batch batch) {
    long taken = 0;
    long places = 0;
    for (int other = 0; other < loads.length; other++) {
      boolean shared =
          switch (per) {
            case EXPERT -> other == expert;
            case NODE -> host(batch, other) == host(batch, expert);
          };
      taken += shared ? loads[other] : 0;
      places += shared ? capacity : 0;
    }
    assertTrue(taken <= places, seed(batch));
  }

  private static int host(Batch batch, int expert) {
    return batch.placement().host(0, expert);
  }

  private CapacityPolicy with(CapacityRule rule, Priority priority, Overflow overflow) {
    return Limited.policy(rule, priority, overflow, Renormalize.NEVER);
  }

  @Test
  void aFactorOfExpertsOverRanksDropsNothing() {
    for (int i = 0; i < CASES; i++) {
      var batch = batches.any();
      double experts = batch.gating().scores().cols();
      var rule =
          new CapacityRule(
              Formula.PLAIN, experts / batch.gating().choices().ranks(), Rounding.CEIL, 0, 1, true);
      var limited = batch.limitedBy(with(rule, batches.one(Priority.values()), Overflow.DROP));
      var dropless = batch.limitedBy(CapacityPolicy.DROPLESS).admit();
      assertSame(batch.gating().choices(), dropless.admitted());
      assertSameChoices(dropless.admitted(), limited.admit().admitted(), seed(limited));
    }
  }

  private static void assertSameChoices(
      Choices expected, Choices actual, Supplier<String> message) {
    for (int row = 0; row < expected.rows(); row++) {
      for (int rank = 0; rank < expected.ranks(); rank++) {
        assertEquals(expected.expert(row, rank), actual.expert(row, rank), message);
        assertSameBits(expected.weight(row, rank), actual.weight(row, rank), message);
      }
    }
  }

  @Test
  void whoIsReroutedDisplacesNobody() {
    long rerouted = 0;
    for (int i = 0; i < CASES; i++) {
      var batch = batches.any();
      var rule = CapacityRule.fixed(random.between(1, 4));
      var priority = batches.one(Priority.values());
      var dropping = batch.limitedBy(with(rule, priority, Overflow.DROP)).admit();
      var overflow = batches.one(new Overflow[] {Overflow.NEXT_CHOICE, Overflow.LOCAL});
      var rerouting = batch.limitedBy(with(rule, priority, overflow)).admit();
      for (int row = 0; row < batch.tokens().count(); row++) {
        for (int rank = 0; rank < batch.gating().choices().ranks(); rank++) {
          if (!dropping.dropped(row, rank)) {
            assertEquals(
                dropping.admitted().expert(row, rank),
                rerouting.admitted().expert(row, rank),
                seed(batch));
          }
          rerouted += rerouting.rerouted(row, rank) ? 1 : 0;
        }
      }
    }
    assertTrue(rerouted > CASES / 10, "rerouted " + rerouted);
  }

  @Test
  void renormalizingMakesTheWeightsAddUpToOneBeforeOrAfterDrops() {
    for (int i = 0; i < CASES; i++) {
      var batch = batches.any();
      var rule = CapacityRule.fixed(random.between(1, 4));
      var priority = batches.one(Priority.values());
      for (var when : Renormalize.values()) {
        var limited = batch.limitedBy(Limited.policy(rule, priority, Overflow.DROP, when));
        var admission = limited.admit();
        for (int group = 0; group < batch.tokens().groupCount(); group++) {
          for (int row : batch.rows(group)) {
            assertRenormalized(admission, row, when, seed(limited));
          }
        }
      }
    }
  }

  private static void assertRenormalized(
      Admission admission, int row, Renormalize when, Supplier<String> message) {
    var offered = admission.offered();
    var admitted = admission.admitted();
    double all = 0;
    double kept = 0;
    for (int rank = 0; rank < offered.ranks(); rank++) {
      all += offered.weight(row, rank);
      kept += admission.dropped(row, rank) ? 0 : offered.weight(row, rank);
    }
    for (int rank = 0; rank < offered.ranks(); rank++) {
      double weight = admission.dropped(row, rank) ? 0 : offered.weight(row, rank);
      double divisor =
          switch (when) {
            case BEFORE -> all;
            case AFTER -> kept;
            case NEVER -> 1;
          };
      assertEquals(weight == 0 ? 0 : weight / divisor, admitted.weight(row, rank), 1e-5, message);
    }
  }

  /// Without ties, the order of the batch decides nothing with these priorities.
  @Test
  void permutedTokensGetThePermutedResult() {
    var priorities =
        new Priority[] {
          Priority.PROBABILITY, Priority.WEIGHT, Priority.BATCH_PRIORITIZED, Priority.RANDOM
        };
    for (int i = 0; i < CASES; i++) {
      int rows = random.between(1, 24);
      int experts = random.between(1, 12);
      var gating = batches.gating(rows, experts, random.between(1, experts), false);
      if (hasTies(gating)) {
        continue;
      }
      var overflow = batches.one(new Overflow[] {Overflow.DROP, Overflow.NEXT_CHOICE});
      var policy =
          with(CapacityRule.fixed(random.between(1, 4)), batches.one(priorities), overflow);
      var order = permutation(rows);
      var admission = admit(gating, positions(rows), policy);
      var permuted = admit(permuted(gating, order), order, policy);
      for (int row = 0; row < rows; row++) {
        for (int rank = 0; rank < gating.choices().ranks(); rank++) {
          Supplier<String> message = () -> random.seed() + " " + policy;
          assertEquals(
              admission.admitted().expert(order[row], rank),
              permuted.admitted().expert(row, rank),
              message);
          assertSameBits(
              admission.admitted().weight(order[row], rank),
              permuted.admitted().weight(row, rank),
              message);
        }
      }
    }
  }

  private static boolean hasTies(Gating gating) {
    var choices = gating.choices();
    int all = choices.rows() * choices.ranks();
    long scores =
        IntStream.range(0, all)
            .filter(i -> expert(choices, i) != Choices.NONE)
            .mapToObj(i -> gating.scores().get(i / choices.ranks(), expert(choices, i)))
            .distinct()
            .count();
    long weights =
        IntStream.range(0, all)
            .filter(i -> expert(choices, i) != Choices.NONE)
            .mapToObj(i -> choices.weight(i / choices.ranks(), i % choices.ranks()))
            .distinct()
            .count();
    long there = IntStream.range(0, all).filter(i -> expert(choices, i) != Choices.NONE).count();
    return scores < there || weights < there;
  }

  private static int expert(Choices choices, int i) {
    return choices.expert(i / choices.ranks(), i % choices.ranks());
  }

  private static int[] positions(int rows) {
    return IntStream.range(0, rows).toArray();
  }

  private int[] permutation(int rows) {
    var order = positions(rows);
    for (int i = rows - 1; i > 0; i--) {
      int other = random.between(0, i);
      int swapped = order[i];
      order[i] = order[other];
      order[other] = swapped;
    }
    return order;
  }

  private static Gating permuted(Gating gating, int[] order) {
    var choices = gating.choices();
    var experts = new int[order.length * choices.ranks()];
    var scores = Matrix.allocate(order.length, gating.scores().cols());
    var preference = Matrix.allocate(order.length, gating.scores().cols());
    var permuted = new Choices(order.length, choices.ranks(), experts, new float[experts.length]);
    for (int row = 0; row < order.length; row++) {
      scores.copyRow(row, gating.scores(), order[row]);
      preference.copyRow(row, gating.preference(), order[row]);
      for (int rank = 0; rank < choices.ranks(); rank++) {
        permuted.set(row, rank, choices.expert(order[row], rank), choices.weight(order[row], rank));
      }
    }
    return new Gating(permuted, scores, preference);
  }

  private static Admission admit(Gating gating, int[] positions, CapacityPolicy policy) {
    int rows = positions.length;
    var tokens = new TokenRows(new int[rows], positions, new long[rows], new int[rows]);
    var placement = Limited.placement(new int[gating.scores().cols()]);
    return CapacityLimiter.admit(0, gating, tokens, List.of(policy), placement, _ -> false);
  }

  @Test
  void localOverflowStaysOnTheNodesThatTheTokenGoesTo() {
    // Expert 0 has room for one of two tokens; 1 is on its node, 2 is better but elsewhere.
    var scores = Matrix.allocate(2, 4);
    for (int row = 0; row < 2; row++) {
      scores.set(row, 0, 0.5f);
      scores.set(row, 1, 0.1f);
      scores.set(row, 2, 0.25f);
      scores.set(row, 3, 0.15f);
    }
    var choices = new Choices(2, 2, new int[] {0, 3, 0, 3}, new float[] {0.5f, 0.15f, 0.5f, 0.15f});
    var policy =
        new CapacityPolicy(
            new CapacityRule(Formula.FIXED, 1, Rounding.CEIL, 1, 1, true),
            Collections.emptySortedMap(),
            Scope.STEP,
            Per.EXPERT,
            Priority.RANK,
            Overflow.LOCAL,
            Renormalize.NEVER,
            0);
    var tokens = TokenRows.anonymous(2, 0);
    // Token 1 has lost both its experts, and so goes to no node.
    var lost =
        CapacityLimiter.admit(
            0,
            new Gating(choices, scores, scores),
            tokens,
            List.of(policy),
            Limited.placement(new int[] {0, 0, 1, 1}),
            _ -> false);
    assertTrue(lost.dropped(1, 0) && lost.dropped(1, 1));

    var other = choices.copy();
    other.set(1, 1, 1, 0.1f);
    var moved =
        CapacityLimiter.admit(
            0,
            new Gating(other, scores, scores),
            tokens,
            List.of(policy),
            Limited.placement(new int[] {0, 0, 1, 0}),
            _ -> false);
    // 3 is taken by token 0, and 2 is on node 1.
    assertTrue(moved.dropped(1, 0));
    var near =
        CapacityLimiter.admit(
            0,
            new Gating(other, scores, scores),
            tokens,
            List.of(policy),
            Limited.placement(new int[] {1, 0, 0, Placement.NO_HOST}),
            _ -> false);
    assertEquals(2, near.admitted().expert(1, 0));
    assertEquals(0.25f, near.admitted().weight(1, 0));
    assertTrue(near.rerouted(1, 0));
  }

  @Test
  void aReroutedWeightIsNormalizedAsTheOthersAre() {
    var scores = Matrix.allocate(2, 3);
    for (int row = 0; row < 2; row++) {
      scores.set(row, 0, 0.4f);
      scores.set(row, 1, 0.1f);
      scores.set(row, 2, 0.2f);
    }
    var choices = new Choices(2, 2, new int[] {0, 1, 0, 1}, new float[] {0.4f, 0.1f, 0.4f, 0.1f});
    var policy =
        Limited.policy(
            CapacityRule.fixed(1), Priority.RANK, Overflow.NEXT_CHOICE, Renormalize.BEFORE);
    var admission = Limited.admit(new Gating(choices, scores, scores), policy);
    assertEquals(0.8f, admission.admitted().weight(0, 0), 1e-6);
    assertEquals(2, admission.admitted().expert(1, 0));
    assertEquals(0.4f, admission.admitted().weight(1, 0), 1e-6);
    assertTrue(admission.dropped(1, 1));
  }

  @Test
  void aRandomOrderDoesNotDependOnWhoIsBeforeInTheBatch() {
    var policy = with(CapacityRule.fixed(2), Priority.RANDOM, Overflow.DROP);
    for (int i = 0; i < 100; i++) {
      var gating = batches.gating(12, 4, 2, true);
      var groups = IntStream.range(0, 12).map(row -> row < 6 ? 0 : 1).toArray();
      var positions = IntStream.range(0, 12).map(row -> row % 6).toArray();
      var seeds = IntStream.range(0, 12).mapToLong(row -> row < 6 ? 1 : 2).toArray();
      var placement = Limited.placement(new int[4]);
      var together =
          CapacityLimiter.admit(
              0,
              gating,
              new TokenRows(new int[12], positions, seeds, groups),
              List.of(policy, policy),
              placement,
              _ -> false);
      var order = IntStream.range(6, 12).toArray();
      var alone =
          CapacityLimiter.admit(
              0,
              permuted(gating, order),
              new TokenRows(
                  new int[6],
                  IntStream.range(0, 6).toArray(),
                  IntStream.range(0, 6).mapToLong(_ -> 2).toArray(),
                  new int[6]),
              List.of(policy),
              placement,
              _ -> false);
      for (int row = 0; row < 6; row++) {
        for (int rank = 0; rank < 2; rank++) {
          assertEquals(
              together.admitted().expert(row + 6, rank),
              alone.admitted().expert(row, rank),
              random.seed());
        }
      }
    }
  }
}
