package io.moesaic.tensor.kernel;

import static io.moesaic.tensor.kernel.KernelTwinsTest.AWKWARD;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moesaic.tensor.DType;
import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.Refused;
import java.lang.foreign.Arena;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What happens between two products, in vectors and in plain loops.
class ActivationTwinsTest {
  private static final float[] SPECIAL = {
    0f,
    -0f,
    7f,
    -7f,
    7.0001f,
    -7.0001f,
    87f,
    -87f,
    87.0001f,
    -88f,
    88f,
    -88.5f,
    1e30f,
    -1e30f,
    1e-30f,
    Float.POSITIVE_INFINITY,
    Float.NEGATIVE_INFINITY,
    Float.NaN,
    Float.MIN_VALUE
  };

  private final Arena arena = Arena.ofShared();
  private final Randoms random = new Randoms(arena);
  private final Kernels scalar = Kernels.scalar();
  private final Kernels vector = new VectorKernels();

  @AfterEach
  void free() {
    arena.close();
  }

  /// Mostly around the limits, the first row far beyond them.
  private Matrix wide(int cols) {
    var x = random.matrix(3, cols);
    for (int col = 0; col < cols; col++) {
      x.set(0, col, x.get(0, col) * 100);
      x.set(1, col, x.get(1, col) * 6);
    }
    return x;
  }

  /// Every pair of special values.
  private static Matrix special(boolean rows) {
    var x = Matrix.allocate(SPECIAL.length, SPECIAL.length);
    for (int row = 0; row < SPECIAL.length; row++) {
      for (int col = 0; col < SPECIAL.length; col++) {
        x.set(row, col, SPECIAL[rows ? row : col]);
      }
    }
    return x;
  }

  @Test
  void swiGlusAgree() {
    for (int cols : AWKWARD) {
      var expected = wide(cols);
      var actual = random.copy(expected);
      var up = random.matrix(3, cols);
      scalar.siluMultiply(expected, up);
      vector.siluMultiply(actual, up);
      Bits.assertSame(expected, actual, () -> "cols=" + cols + " " + random.seed());
    }
    var expected = special(true);
    var actual = special(true);
    scalar.siluMultiply(expected, special(false));
    vector.siluMultiply(actual, special(false));
    Bits.assertSame(expected, actual, () -> "special values");
  }

  @Test
  void clampedSwiGlusAgree() {
    for (int cols : AWKWARD) {
      var expected = wide(cols);
      var actual = random.copy(expected);
      var up = wide(cols);
      scalar.clampedSiluMultiply(expected, up, 7f, 1.702f);
      vector.clampedSiluMultiply(actual, up, 7f, 1.702f);
      Bits.assertSame(expected, actual, () -> "cols=" + cols + " " + random.seed());
    }
    var expected = special(true);
    var actual = special(true);
    scalar.clampedSiluMultiply(expected, special(false), 7f, 1.702f);
    vector.clampedSiluMultiply(actual, special(false), 7f, 1.702f);
    Bits.assertSame(expected, actual, () -> "special values");
  }

  @Test
  void clampedSwiGluIsWhatItsFormulaSays() {
    var gate = Matrix.allocate(1, 4);
    var up = Matrix.allocate(1, 4);
    float[] gates = {2f, 20f, -20f, 2f};
    float[] ups = {0.5f, 3f, 1f, -20f};
    for (int i = 0; i < 4; i++) {
      gate.set(0, i, gates[i]);
      up.set(0, i, ups[i]);
    }
    scalar.clampedSiluMultiply(gate, up, 7f, 1.702f);
    for (int i = 0; i < 4; i++) {
      double g = Math.min(gates[i], 7);
      double u = Math.clamp(ups[i], -7, 7);
      double expected = (u + 1) * g / (1 + Math.exp(-1.702f * g));
      assertEquals(expected, gate.get(0, i), 1e-6 * Math.abs(expected), "element " + i);
    }
    assertTrue(gate.get(0, 2) > -1e-12f, "a gate has no lower limit");
  }

  @Test
  void relusAgree() {
    for (int cols : AWKWARD) {
      var expected = wide(cols);
      var actual = random.copy(expected);
      scalar.relu(expected);
      vector.relu(actual);
      Bits.assertSame(expected, actual, () -> "cols=" + cols + " " + random.seed());
    }
    var expected = special(false);
    var actual = special(false);
    scalar.relu(expected);
    vector.relu(actual);
    Bits.assertSame(expected, actual, () -> "special values");
  }

  @Test
  void biasesAgree() {
    for (int cols : AWKWARD) {
      var expected = random.matrix(3, cols);
      var actual = random.copy(expected);
      var bias = random.floats(cols + 5);
      scalar.addBias(expected, bias, 5);
      vector.addBias(actual, bias, 5);
      Bits.assertSame(expected, actual, () -> "cols=" + cols + " " + random.seed());
    }
  }

  @Test
  void aBiasIsAddedToTheProduct() {
    try (var compute = new Compute(vector, new ComputePool(2, "test"))) {
      var bias = random.floats(130);
      var x = random.matrix(3, 17);
      var plain = PackedMatrix.pack(arena, random.weight(DType.BF16, 130, 17));
      var expected = Matrix.allocate(3, 130);
      var actual = Matrix.allocate(3, 130);
      compute.multiply(x, plain, expected);
      compute.multiply(x, plain.withBias(bias), actual);
      for (int row = 0; row < 3; row++) {
        for (int col = 0; col < 130; col++) {
          expected.set(row, col, expected.get(row, col) + bias[col]);
        }
      }
      Bits.assertSame(expected, actual, random::seed);
      assertEquals(
          "a bias has 129 values, but the matrix 130 outputs",
          Refused.with(IllegalArgumentException.class, () -> plain.withBias(random.floats(129))));
    }
  }
}
