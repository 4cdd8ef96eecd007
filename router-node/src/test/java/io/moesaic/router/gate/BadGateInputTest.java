package io.moesaic.router.gate;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moesaic.router.gate.RoutingPolicies.Input;
import io.moesaic.router.gate.RoutingPolicy.Dense;
import io.moesaic.router.gate.RoutingPolicy.ExpertChoice;
import io.moesaic.router.gate.RoutingPolicy.Hash;
import io.moesaic.router.gate.RoutingPolicy.NoisyTopK;
import io.moesaic.router.gate.RoutingPolicy.SoftmaxTopK;
import io.moesaic.tensor.DType;
import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.kernel.Compute;
import io.moesaic.tensor.kernel.Kernels;
import io.moesaic.tensor.kernel.PackedMatrix;
import io.moesaic.tensor.kernel.Randoms;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What a gate does with what it cannot use.
class BadGateInputTest {
  private static final int EXPERTS = 6;
  private static final int WIDTH = 5;

  private final Arena arena = Arena.ofShared();
  private final Randoms random = new Randoms(arena);
  private final Compute compute = Compute.on(1, "gate");
  private final List<String> refusals = new ArrayList<>();

  @AfterEach
  void close() {
    compute.close();
    arena.close();
  }

  private PackedMatrix weight() {
    return PackedMatrix.pack(arena, random.weight(DType.F32, EXPERTS, WIDTH));
  }

  private Choices route(RoutingPolicy policy, GateWeights weights, Matrix hidden, TokenRows rows) {
    return new Gate(compute, List.of(weights))
        .route(
            policy,
            0,
            hidden,
            rows,
            row -> row == 3,
            (row, reason) -> refusals.add(row + ": " + reason))
        .choices();
  }

  private Choices route(RoutingPolicy policy, GateWeights weights, Matrix hidden) {
    return route(policy, weights, hidden, TokenRows.anonymous(hidden.rows(), 0));
  }

  private static boolean isEmpty(Choices choices, int row) {
    for (int rank = 0; rank < choices.ranks(); rank++) {
      if (choices.expert(row, rank) != Choices.NONE || choices.weight(row, rank) != 0) {
        return false;
      }
    }
    return true;
  }

  @Test
  void rowsWithoutFiniteScoresAreRefusedAndTheOthersRouted() {
    var hidden = random.matrix(5, WIDTH);
    hidden.set(1, 0, Float.NaN);
    hidden.set(2, 0, Float.POSITIVE_INFINITY);
    hidden.set(3, 0, Float.NaN);
    for (var policy : List.of(new Dense(), new SoftmaxTopK(2, true, 1), new ExpertChoice(2))) {
      refusals.clear();
      var choices = route(policy, new GateWeights(weight()), hidden);
      assertEquals(2, refusals.size(), "the skipped row is nobody's business");
      assertTrue(refusals.getFirst().startsWith("1: the gate of layer 0 gives expert 0 the score"));
      for (int row = 0; row < 5; row++) {
        boolean bad = row == 1 || row == 2 || row == 3;
        assertTrue(!bad || isEmpty(choices, row), policy + " " + random.seed());
      }
    }
  }

  @Test
  void noiseThatIsNoNumberRefusesItsRowWhenItIsDrawn() {
    var hidden = random.matrix(2, WIDTH);
    var noise = random.weight(DType.F32, EXPERTS, WIDTH);
    for (int expert = 0; expert < EXPERTS; expert++) {
      noise.data().set(JAVA_FLOAT, 4L * WIDTH * expert, 3e38f);
    }
    hidden.set(1, 0, 10);
    var weights = new GateWeights(weight(), null, null, PackedMatrix.pack(arena, noise));
    var silent = route(new NoisyTopK(2, false, 0.01), weights, hidden);
    assertEquals(List.of(), refusals);
    assertTrue(!isEmpty(silent, 1));
    var noisy = route(new NoisyTopK(2, true, 0.01), weights, hidden);
    assertEquals(
        List.of(
            "1: the gate of layer 0 gives expert 0 the noise Infinity, must be a finite number"),
        refusals.stream().filter(r -> r.startsWith("1")).toList());
    assertTrue(isEmpty(noisy, 1));
  }

  @Test
  void hashesNeedTokenIds() {
    var refusal =
        assertThrows(
            IllegalArgumentException.class,
            () -> route(new Hash(1, 0), new GateWeights(weight()), random.matrix(2, WIDTH)));
    assertEquals(
        "policy is hash, which needs the tokens' ids, and there are only activations",
        refusal.getMessage());
    var known = new TokenRows(new int[] {4, 4}, new int[] {0, 1}, new long[2], new int[2]);
    var choices = route(new Hash(1, 0), new GateWeights(weight()), random.matrix(2, WIDTH), known);
    assertEquals(choices.expert(0, 0), choices.expert(1, 0), "the same token, the same expert");
  }

  @Test
  void moreExpertsPerTokenThanThereAreAreRefused() {
    var refusal =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                route(
                    new SoftmaxTopK(EXPERTS + 1, true, 1),
                    new GateWeights(weight()),
                    random.matrix(1, WIDTH)));
    assertEquals("k is 7, must be from 1 to the 6 experts of a layer", refusal.getMessage());
  }

  @Test
  void aLayerWithoutExpertsIsRefused() {
    var input = new Input(Matrix.allocate(2, 0), null, null, (_, _) -> 0);
    var refusal =
        assertThrows(
            IllegalArgumentException.class,
            () ->
                RoutingPolicies.route(
                    Kernels.best(), new Dense(), input, TokenRows.anonymous(2, 0), _ -> false));
    assertEquals("k is 0, must be from 1 to the 0 experts of a layer", refusal.getMessage());
  }

  @Test
  void anEmptyBatchHasNoChoices() {
    for (var policy : List.of(new Dense(), new ExpertChoice(2), new Hash(2, 0))) {
      assertEquals(0, route(policy, new GateWeights(weight()), Matrix.allocate(0, WIDTH)).rows());
    }
  }

  @Test
  void hugeButFiniteScoresAreRouted() {
    for (var policy :
        List.of(
            new SoftmaxTopK(2, true, 1),
            new RoutingPolicy.SigmoidInput(2),
            new RoutingPolicy.GroupLimitedSigmoid(
                2, 3, 2, true, 1, RoutingPolicy.GroupLimitedSigmoid.Mask.ZERO))) {
      var logits = Matrix.allocate(1, EXPERTS);
      for (int expert = 0; expert < EXPERTS; expert++) {
        logits.set(0, expert, expert % 2 == 0 ? -3e38f : 3e38f);
      }
      var choices = Vectors.route(policy, logits).choices();
      for (int rank = 0; rank < 2; rank++) {
        assertTrue(Float.isFinite(choices.weight(0, rank)), policy.toString());
        assertEquals(1, choices.expert(0, rank) % 2, policy.toString());
      }
    }
  }

  @Test
  void rowsThatAreCountedDifferentlyAreRefused() {
    var refusal =
        assertThrows(
            IllegalArgumentException.class,
            () -> new TokenRows(new int[2], new int[2], new long[1], new int[2]));
    assertEquals("2 tokens, 2 positions, 1 seeds, 2 groups", refusal.getMessage());
  }
}
