package io.moesaic.deploy.tune;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moesaic.deploy.tune.TuneSpec.Counting;
import io.moesaic.router.capacity.CapacityPolicy;
import io.moesaic.router.capacity.CapacityPolicy.Per;
import io.moesaic.router.capacity.CapacityPolicy.Renormalize;
import io.moesaic.router.capacity.CapacityPolicy.Scope;
import io.moesaic.router.capacity.CapacityRule.Formula;
import java.util.List;
import org.junit.jupiter.api.Test;

class PassTest {
  private static final HeldOutText SHORT = new HeldOutText("short", List.of(ids(1)));
  private static final HeldOutText LONG = new HeldOutText("long", List.of(ids(11), ids(14)));

  private static int[] ids(int from) {
    return new int[] {from, from + 1, from + 2};
  }

  @Test
  void takesWindowsOfAllTextsByTurns() {
    var passes = Pass.of(List.of(SHORT, LONG), 2);
    assertEquals(2, passes.size());
    assertArrayEquals(new int[] {1, 2, 3, 11, 12, 13}, passes.getFirst().tokens());
    assertArrayEquals(new int[] {14, 15, 16}, passes.getLast().tokens());
    assertEquals(1, passes.getLast().windows().getFirst().text());
  }

  @Test
  void scoresTheRowsWhoseNextTokenIsKnown() {
    var pass = Pass.of(List.of(SHORT, LONG), 2).getFirst();
    assertArrayEquals(new int[] {0, 1, 3, 4}, pass.scoredRows());
    assertEquals(2, pass.scoredPerWindow());
  }

  @Test
  void countsAllRowsTogetherOrThoseOfEachSequence() {
    var pass = Pass.of(List.of(SHORT, LONG), 2).getFirst();
    var step = pass.limitedBy(policy(Scope.STEP));
    assertArrayEquals(new int[] {0, 0, 0, 0, 0, 0}, step.tokens().groups());
    assertEquals(1, step.limits().size());
    var sequence = pass.limitedBy(policy(Scope.SEQUENCE));
    assertArrayEquals(new int[] {0, 0, 0, 1, 1, 1}, sequence.tokens().groups());
    assertArrayEquals(new int[] {0, 1, 2, 0, 1, 2}, sequence.tokens().positions());
    assertEquals(2, sequence.limits().size());
  }

  private static CapacityPolicy policy(Scope scope) {
    return new Counting(Formula.MEGATRON, scope, Per.EXPERT, Renormalize.NEVER)
        .policy(1, Variant.parse("drop"));
  }
}
