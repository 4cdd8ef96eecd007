package io.moesaic.router.gate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.fail;

import io.moesaic.router.gate.RoutingPolicy.SoftmaxTopK;
import io.moesaic.tensor.DType;
import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.Tensor;
import io.moesaic.tensor.kernel.Compute;
import io.moesaic.tensor.kernel.Kernels;
import io.moesaic.tensor.kernel.PackedMatrix;
import io.moesaic.tensor.kernel.Randoms;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class GateTest {
  private final Arena arena = Arena.ofShared();
  private final Randoms random = new Randoms(arena);
  private final Compute compute = Compute.on(2, "gate");

  @AfterEach
  void close() {
    compute.close();
    arena.close();
  }

  /// Best first; the lower index among equals, because the sort is stable.
  private static List<Integer> ranked(Matrix probabilities, int ranks) {
    return IntStream.range(0, probabilities.cols())
        .boxed()
        .sorted(Comparator.comparingDouble((Integer expert) -> -probabilities.get(0, expert)))
        .limit(ranks)
        .toList();
  }

  private static Matrix probabilities(Matrix hidden, int row, Tensor weight) {
    int experts = (int) weight.shape().dim(0);
    var scores = Matrix.allocate(1, experts);
    for (int expert = 0; expert < experts; expert++) {
      float sum = 0;
      for (int k = 0; k < hidden.cols(); k++) {
        sum = Math.fma(hidden.get(row, k), weight.getFloat(expert * hidden.cols() + k), sum);
      }
      scores.set(0, expert, sum);
    }
    Kernels.scalar().softmax(scores, 0, 0, experts, 1);
    return scores;
  }

  private void assertAsPlainLoops(Choices choices, Matrix hidden, Tensor weight) {
    for (int row = 0; row < hidden.rows(); row++) {
      var probabilities = probabilities(hidden, row, weight);
      var best = ranked(probabilities, choices.ranks());
      float sum = 0;
      for (int expert : best) {
        sum += probabilities.get(0, expert);
      }
      float total = 0;
      for (int rank = 0; rank < choices.ranks(); rank++) {
        assertEquals(best.get(rank), choices.expert(row, rank), random.seed());
        float share = probabilities.get(0, best.get(rank)) / sum;
        assertSameBits(share, choices.weight(row, rank));
        total += share;
      }
      assertEquals(1, total, 1e-6 * choices.ranks(), random.seed());
    }
  }

  private void assertSameBits(float expected, float actual) {
    assertEquals(Float.floatToRawIntBits(expected), Float.floatToRawIntBits(actual), random.seed());
  }

  @Test
  void choosesAsPlainLoopsDoToTheBit() {
    for (var type : List.of(DType.F32, DType.BF16)) {
      for (int experts : new int[] {1, 2, 8, 60, 64, 65, 130}) {
        for (int rows : new int[] {1, 3, 17, 70}) {
          int width = random.between(1, 80);
          var weight = random.weight(type, experts, width);
          var hidden = random.matrix(rows, width);
          int ranks = Math.min(experts, random.between(1, 8));
          var choices = route(ranks, hidden, PackedMatrix.pack(arena, weight));
          assertEquals(rows, choices.rows());
          assertEquals(ranks, choices.ranks());
          assertAsPlainLoops(choices, hidden, weight);
        }
      }
    }
  }

  @Test
  void amongEqualsTheLowerIndexComesFirst() {
    // Four experts with one and the same weight row: 0 with 2, and 1 with 3, are equal.
    int width = 24;
    var pair = random.weight(DType.F32, 2, width);
    var packed = PackedMatrix.pack(arena, List.of(pair, pair));
    var choices = route(4, random.matrix(40, width), packed);
    for (int row = 0; row < choices.rows(); row++) {
      int first = choices.expert(row, 0);
      assertEquals(first < 2 ? first : -1, first, random.seed());
      assertEquals(first + 2, choices.expert(row, 1), random.seed());
      assertEquals(1 - first, choices.expert(row, 2), random.seed());
      assertEquals(3 - first, choices.expert(row, 3), random.seed());
      assertSameBits(choices.weight(row, 0), choices.weight(row, 1));
    }
  }

  @Test
  void aHiddenOfZerosGoesToTheFirstExpertsInEqualParts() {
    var weight = PackedMatrix.pack(arena, random.weight(DType.BF16, 8, 10));
    var choices = route(2, Matrix.allocate(1, 10), weight);
    assertEquals(0, choices.expert(0, 0));
    assertEquals(1, choices.expert(0, 1));
    assertEquals(0.5f, choices.weight(0, 0));
    assertEquals(0.5f, choices.weight(0, 1));
  }

  @Test
  void aRowIsRoutedAloneAsInCompany() {
    var weight = PackedMatrix.pack(arena, random.weight(DType.F32, 16, 33));
    var hidden = random.matrix(67, 33);
    var together = route(4, hidden, weight);
    for (int row = 0; row < hidden.rows(); row++) {
      var alone = route(4, hidden.rows(row, 1), weight);
      for (int rank = 0; rank < 4; rank++) {
        assertEquals(together.expert(row, rank), alone.expert(0, rank), random.seed());
        assertSameBits(together.weight(row, rank), alone.weight(0, rank));
      }
    }
  }

  /// A node may send nonsense.
  @Test
  void aRowWhoseScoresAreNotNumbersGetsNoExpertsAndAReason() {
    var hidden = random.matrix(3, 5);
    hidden.set(1, 2, Float.NaN);
    var gate = new Gate(compute, List.of(gate(random.weight(DType.F32, 6, 5))));
    List<String> refusals = new ArrayList<>();
    var choices =
        gate.route(
                MIXTRAL,
                0,
                hidden,
                TokenRows.anonymous(3, 0),
                _ -> false,
                (row, reason) -> refusals.add(row + ": " + reason))
            .choices();
    assertEquals(
        List.of("1: the gate of layer 0 gives expert 0 the score NaN, must be a finite number"),
        refusals);
    for (int row = 0; row < 3; row++) {
      assertEquals(row == 1, choices.expert(row, 0) == Choices.NONE);
      assertEquals(row == 1, choices.expert(row, 1) == Choices.NONE);
    }
  }

  @Test
  void noRowsHaveNoChoices() {
    var weight = PackedMatrix.pack(arena, random.weight(DType.F32, 6, 5));
    assertEquals(0, route(2, Matrix.allocate(0, 5), weight).rows());
  }

  private static final SoftmaxTopK MIXTRAL = new SoftmaxTopK(2, true, 1);

  private GateWeights gate(Tensor weight) {
    return new GateWeights(PackedMatrix.pack(arena, weight));
  }

  private Choices route(int ranks, Matrix hidden, PackedMatrix weight) {
    return new Gate(compute, List.of(new GateWeights(weight)))
        .route(
            new SoftmaxTopK(ranks, true, 1),
            0,
            hidden,
            TokenRows.anonymous(hidden.rows(), 0),
            _ -> false,
            (_, reason) -> fail(reason))
        .choices();
  }
}
