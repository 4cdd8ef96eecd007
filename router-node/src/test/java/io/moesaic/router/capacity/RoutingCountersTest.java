package io.moesaic.router.capacity;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.moesaic.router.capacity.CapacityPolicy.Overflow;
import io.moesaic.router.capacity.CapacityPolicy.Priority;
import io.moesaic.router.capacity.CapacityPolicy.Renormalize;
import io.moesaic.router.gate.Choices;
import io.moesaic.router.gate.Gating;
import io.moesaic.router.gate.TokenRows;
import io.moesaic.tensor.Matrix;
import java.util.BitSet;
import java.util.List;
import org.junit.jupiter.api.Test;

/// What is counted of three tokens that want experts 0 and 1 of four, one place each:
///
/// ```
///   token 0   0 accepted   1 accepted
///   token 1   0 -> 2       1 -> 3        rerouted
///   token 2   0 dropped    1 dropped
/// ```
class RoutingCountersTest {
  private final Choices offered =
      new Choices(
          3, 2, new int[] {0, 1, 0, 1, 0, 1}, new float[] {.5f, .25f, .5f, .25f, .5f, .25f});

  private Gating gating() {
    var scores = Matrix.allocate(3, 4);
    for (int row = 0; row < 3; row++) {
      scores.set(row, 0, 0.5f);
      scores.set(row, 1, 0.25f);
      scores.set(row, 2, 0.15f);
      scores.set(row, 3, 0.1f);
    }
    return new Gating(offered, scores, scores);
  }

  private Admission admission() {
    return Limited.admit(
        gating(),
        Limited.policy(
            CapacityRule.fixed(1), Priority.POSITION, Overflow.NEXT_CHOICE, Renormalize.NEVER));
  }

  @Test
  void everyChoiceIsCountedAtItsExpert() {
    var counters = new RoutingCounters(2, 4);
    counters.add(1, admission());
    var load = counters.snapshot().get(1);
    assertEquals(1, load.layer());
    assertArrayEquals(new long[] {3, 3, 0, 0}, load.offered());
    assertArrayEquals(new long[] {1, 1, 0, 0}, load.accepted());
    assertArrayEquals(new long[] {1, 1, 0, 0}, load.dropped());
    assertArrayEquals(new long[] {0, 0, 1, 1}, load.rerouted());
    assertArrayEquals(new long[] {1, 1}, load.droppedByRank());
    assertEquals(0, load.paddedFraction());
    assertEquals(1 / 3.0, load.massDropped(), 1e-9);
    assertEquals(2, load.maxOverMean());
    assertEquals(0.5, load.gini());
    assertEquals(MoeTotals.NONE, counters.snapshot().getFirst().totals());
    assertEquals(0, counters.snapshot().getFirst().maxOverMean());
    assertEquals(0, counters.snapshot().getFirst().gini());
  }

  @Test
  void placesThatStayEmptyAreAShareOfThoseThatWereOffered() {
    var counters = new RoutingCounters(1, 4);
    var rule = CapacityRule.fixed(2);
    counters.add(0, Limited.admit(gating(), Limited.dropping(rule, Priority.RANK)));
    // 8 places, of which 4 are taken; what nobody limits fills no places
    counters.add(0, Limited.admit(gating(), CapacityPolicy.DROPLESS));
    assertEquals(0.5, counters.snapshot().getFirst().paddedFraction());
  }

  @Test
  void whatOneGroupIsNotLimitedByFillsNoPlacesOfTheOther() {
    var counters = new RoutingCounters(1, 4);
    var tokens = new TokenRows(new int[3], new int[] {0, 1, 2}, new long[3], new int[] {0, 0, 1});
    var limits =
        List.of(CapacityPolicy.DROPLESS, Limited.dropping(CapacityRule.fixed(1), Priority.RANK));
    counters.add(
        0,
        CapacityLimiter.admit(
            0, gating(), Limited.rows(tokens, limits), Limited.placement(new int[4]), _ -> false));
    assertEquals(0.5, counters.snapshot().getFirst().paddedFraction());
  }

  @Test
  void tokensAreTalliedOverLayers() {
    var recorded = new BitSet();
    recorded.set(1);
    var tallies = new RowTallies(3, recorded);
    tallies.add(admission());
    tallies.add(Limited.admit(gating(), CapacityPolicy.DROPLESS));
    assertEquals(new MoeTotals(4, 4, 0, 0), tallies.totals(0, 1));
    assertEquals(new MoeTotals(4, 2, 0, 2), tallies.totals(1, 1));
    assertEquals(new MoeTotals(8, 4, 2, 2), tallies.totals(1, 2));
    assertArrayEquals(new int[] {2, 3, 0, 1}, tallies.experts(1));
    assertArrayEquals(new int[] {Choices.NONE, Choices.NONE, 0, 1}, tallies.experts(2));
  }

  @Test
  void groupsWithoutACapacityAreRefused() {
    var tokens = new TokenRows(new int[1], new int[1], new long[1], new int[] {1});
    var refusal =
        assertThrows(
            IllegalArgumentException.class,
            () -> new StepRows(tokens, List.of(CapacityPolicy.DROPLESS), new RowTallies(1)));
    assertEquals("2 groups of rows, but 1 capacities", refusal.getMessage());
  }
}
