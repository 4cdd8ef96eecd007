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
import io.moesaic.router.capacity.CapacityRule.Formula;
import io.moesaic.router.capacity.CapacityRule.Rounding;
import io.moesaic.router.gate.Choices;
import io.moesaic.tensor.kernel.Randoms;
import java.lang.foreign.Arena;
import java.util.Arrays;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

/// What holds of every capacity policy, on 10,000 random batches.
class CapacityPropertiesTest {
  private static final int CASES = 10_000;

  private final Randoms random = new Randoms(Arena.ofAuto());
  private final Batches batches = new Batches(random);

  private Supplier<String> seed(Batch batch) {
    return () -> random.seed() + " " + batch.limits();
  }

  private static CapacityPolicy with(CapacityRule rule, Priority priority, Overflow overflow) {
    return Limited.policy(rule, priority, overflow, Renormalize.NEVER);
  }

  private static void assertSameBits(float expected, float actual, Supplier<String> message) {
    assertEquals(Float.floatToRawIntBits(expected), Float.floatToRawIntBits(actual), message);
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
}
