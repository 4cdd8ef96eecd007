package io.moesaic.router.capacity;

import static org.junit.jupiter.api.Assertions.assertEquals;
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
import java.util.Collections;
import java.util.List;
import java.util.function.Supplier;
import org.junit.jupiter.api.Test;

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
            Limited.rows(tokens, List.of(policy)),
            Limited.placement(new int[] {0, 0, 1, 1}),
            _ -> false);
    assertTrue(lost.dropped(1, 0) && lost.dropped(1, 1));

    var other = choices.copy();
    other.set(1, 1, 1, 0.1f);
    var moved =
        CapacityLimiter.admit(
            0,
            new Gating(other, scores, scores),
            Limited.rows(tokens, List.of(policy)),
            Limited.placement(new int[] {0, 0, 1, 0}),
            _ -> false);
    // 3 is taken by token 0, and 2 is on node 1.
    assertTrue(moved.dropped(1, 0));
    var near =
        CapacityLimiter.admit(
            0,
            new Gating(other, scores, scores),
            Limited.rows(tokens, List.of(policy)),
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
}
