package io.moesaic.tensor.kernel;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moesaic.tensor.BFloat16;
import io.moesaic.tensor.DType;
import io.moesaic.tensor.Matrix;
import java.lang.foreign.Arena;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// The vector kernels against their scalar twins, by equality of bits, on sizes that fit no
/// register. The build runs the tests of twins three times: at the machine's own width, with 256
/// and with 128 bits.
class KernelTwinsTest {
  static final int[] AWKWARD = {
    1, 3, 4, 6, 8, 13, 15, 16, 17, 25, 31, 33, 48, 63, 65, 100, 129, 257
  };

  private final Arena arena = Arena.ofShared();
  private final Randoms random = new Randoms(arena);
  private final Kernels scalar = Kernels.scalar();
  private final Kernels vector = new VectorKernels();

  @AfterEach
  void free() {
    arena.close();
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "BF16", "F16"})
  void productsAgree(DType type) {
    for (int m : new int[] {1, 2, 3, 4, 5, 7, 9, 33}) {
      for (int k : AWKWARD) {
        int n = random.between(1, 200);
        var x = random.matrix(m, k);
        var w = PackedMatrix.pack(arena, random.weight(type, n, k));
        var expected = Matrix.allocate(m, n);
        var actual = Matrix.allocate(m, n);
        for (int p = 0; p < w.panels(); p++) {
          scalar.panel(x, (Panel) w.panel(p), expected.columns(p * 64, 64), false);
          vector.panel(x, (Panel) w.panel(p), actual.columns(p * 64, 64), false);
        }
        Bits.assertSame(
            expected,
            actual,
            () -> "%s M=%d N=%d K=%d %s".formatted(type, x.rows(), n, k, random.seed()));
      }
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "BF16"})
  void longChainsAgreeAcrossBlocksOfK(DType type) {
    for (int k : new int[] {1023, 1024, 1025, 2047, 2048, 3001}) {
      var x = random.matrix(6, k);
      var w = PackedMatrix.pack(arena, random.weight(type, 70, k));
      var expected = random.matrix(6, 70);
      var actual = random.copy(expected);
      for (int p = 0; p < w.panels(); p++) {
        scalar.panel(x, (Panel) w.panel(p), expected.columns(p * 64, 64), true);
        vector.panel(x, (Panel) w.panel(p), actual.columns(p * 64, 64), true);
      }
      Bits.assertSame(expected, actual, () -> "%s K=%d %s".formatted(type, k, random.seed()));
    }
  }

  @ParameterizedTest
  @EnumSource(names = {"F32", "BF16"})
  void aRowsProductNeverDependsOnTheNumberOfRows(DType type) {
    int k = 133;
    int n = 77;
    var w = PackedMatrix.pack(arena, random.weight(type, n, k));
    var x = random.matrix(33, k);
    try (var compute = new Compute(vector, new ComputePool(2, "test"))) {
      var alone = Matrix.allocate(33, n);
      for (int row = 0; row < 33; row++) {
        compute.multiply(x.rows(row, 1), w, alone.rows(row, 1));
      }
      for (int m = 1; m <= 33; m++) {
        var together = Matrix.allocate(m, n);
        compute.multiply(x.rows(33 - m, m), w, together);
        int rows = m;
        Bits.assertSame(
            alone.rows(33 - m, m),
            together,
            () -> "%s M=%d %s".formatted(type, rows, random.seed()));
      }
    }
  }

  @Test
  void productsSurviveNaNAndInfinityInOtherRows() {
    var w = PackedMatrix.pack(arena, random.weight(DType.BF16, 64, 51));
    var x = random.matrix(5, 51);
    var clean = Matrix.allocate(5, 64);
    vector.panel(x, (Panel) w.panel(0), clean, false);
    for (int col = 0; col < 51; col++) {
      x.set(1, col, Float.NaN);
      x.set(3, col, Float.POSITIVE_INFINITY);
    }
    var poisoned = Matrix.allocate(5, 64);
    vector.panel(x, (Panel) w.panel(0), poisoned, false);
    for (int row : new int[] {0, 2, 4}) {
      Bits.assertSame(clean.rows(row, 1), poisoned.rows(row, 1), random::seed);
    }
  }

  @Test
  void normsAgree() {
    for (int cols : AWKWARD) {
      var x = random.matrix(3, cols);
      var weight = random.floats(cols);
      var expected = Matrix.allocate(3, cols);
      var actual = Matrix.allocate(3, cols);
      scalar.rmsNorm(x, weight, 1e-5f, expected);
      vector.rmsNorm(x, weight, 1e-5f, actual);
      Bits.assertSame(expected, actual, () -> "cols=" + cols + " " + random.seed());
    }
  }

  @Test
  void softmaxesAgreeOnEveryWindow() {
    for (int cols : AWKWARD) {
      for (int from : new int[] {0, 1, 5, 16, 18}) {
        if (from < cols) {
          var expected = random.matrix(2, cols);
          var actual = random.copy(expected);
          scalar.softmax(expected, 1, from, cols, 0.37f);
          vector.softmax(actual, 1, from, cols, 0.37f);
          Bits.assertSame(expected, actual, () -> "[" + from + ", " + cols + ") " + random.seed());
        }
      }
    }
  }

  @Test
  void aSoftmaxOverAWindowHasTheBitsOfTheFullRowMasked() {
    var window = random.matrix(1, 100);
    var masked = random.copy(window);
    for (int col = 0; col < 37; col++) {
      masked.set(0, col, Float.NEGATIVE_INFINITY);
    }
    vector.softmax(window, 0, 37, 100, 0.5f);
    vector.softmax(masked, 0, 0, 100, 0.5f);
    Bits.assertSame(masked.columns(37, 63), window.columns(37, 63), random::seed);
  }

  @Test
  void rotationsAgree() {
    for (int half : AWKWARD) {
      var expected = random.matrix(2, 2 * half + 3);
      var actual = random.copy(expected);
      var cos = random.floats(2 * half);
      var sin = random.floats(2 * half);
      scalar.rotate(expected, 1, 3, half, cos, sin, half);
      vector.rotate(actual, 1, 3, half, cos, sin, half);
      Bits.assertSame(expected, actual, () -> "half=" + half + " " + random.seed());
    }
  }

  @Test
  void sumsAgree() {
    for (int cols : AWKWARD) {
      var expected = random.matrix(2, cols);
      var actual = random.copy(expected);
      var y = random.matrix(2, cols);
      scalar.add(expected, y);
      vector.add(actual, y);
      var row = arena.allocate(cols * 4L + 1);
      y.writeRow(0, row, 1);
      scalar.addScaled(expected, 1, 0.3f, row, 1);
      vector.addScaled(actual, 1, 0.3f, row, 1);
      Bits.assertSame(expected, actual, () -> "cols=" + cols + " " + random.seed());
    }
  }

  @Test
  void conversionsAgreeOnEverySpecialValue() {
    var special =
        List.of(
            0f,
            -0f,
            1f,
            -1f,
            Float.NaN,
            Float.POSITIVE_INFINITY,
            Float.NEGATIVE_INFINITY,
            Float.MIN_VALUE,
            Float.MAX_VALUE,
            -Float.MAX_VALUE,
            Float.MIN_NORMAL,
            Float.intBitsToFloat(0x7f800001),
            Float.intBitsToFloat(0xffffffff),
            Float.intBitsToFloat(0x3f808000),
            Float.intBitsToFloat(0x3f818000));
    for (int cols : AWKWARD) {
      var x = random.matrix(1, cols);
      for (int col = 0; col < cols; col += 2) {
        x.set(0, col, special.get((col / 2 + cols) % special.size()));
      }
      var expected = arena.allocate(cols * 2L + 2);
      var actual = arena.allocate(cols * 2L + 2);
      scalar.round(x, 0, expected, 2);
      vector.round(x, 0, actual, 2);
      assertEquals(-1, expected.mismatch(actual), () -> "cols=" + cols + " " + random.seed());
      var back = Matrix.allocate(1, cols);
      var backVector = Matrix.allocate(1, cols);
      scalar.widen(expected, 2, back, 0);
      vector.widen(expected, 2, backVector, 0);
      Bits.assertSame(back, backVector, random::seed);
    }
  }

  @Test
  void selectionsAgreeWithTiesAndNaNs() {
    for (int cols : AWKWARD) {
      for (int trial = 0; trial < 20; trial++) {
        var scores = random.matrix(1, cols);
        for (int col = 0; col < cols; col++) {
          switch (random.between(0, 5)) {
            case 0 -> scores.set(0, col, random.between(-1, 1));
            case 1 -> scores.set(0, col, Float.NEGATIVE_INFINITY);
            case 2 -> scores.set(0, col, Float.NaN);
            default -> {}
          }
        }
        int k = random.between(1, Math.min(cols, 9));
        var expected = new int[k + 1];
        var actual = new int[k + 1];
        scalar.topK(scores, 0, k, expected, 1);
        vector.topK(scores, 0, k, actual, 1);
        assertArrayEquals(expected, actual, () -> "cols=" + cols + " k=" + k + " " + random.seed());
      }
    }
  }

  @Test
  void theLargestComeFirstAndTiesGoToTheLowerIndex() {
    var scores = Matrix.allocate(1, 6);
    float[] values = {2, 5, 2, 7, 5, 2};
    for (int i = 0; i < values.length; i++) {
      scores.set(0, i, values[i]);
    }
    var best = new int[5];
    scalar.topK(scores, 0, 5, best, 0);
    assertArrayEquals(new int[] {3, 1, 4, 0, 2}, best);
  }

  @Test
  void exponentialsAreWithinOneUnitInTheLastPlace() {
    int steps = 2_000_000;
    for (int i = 0; i <= steps; i++) {
      float x = Exp.LOWEST + (Exp.HIGHEST - Exp.LOWEST) * i / steps;
      float got = Exp.exp(x);
      double exact = StrictMath.exp(x);
      double error = Math.abs(got - exact) / Math.ulp((float) exact);
      assertTrue(error <= 1, () -> "exp(" + x + ") = " + got + ", exactly " + exact);
    }
    assertEquals(0, Exp.exp(-88));
    assertEquals(0, Exp.exp(Float.NEGATIVE_INFINITY));
    assertEquals(Float.POSITIVE_INFINITY, Exp.exp(89));
    assertEquals(Float.NaN, Exp.exp(Float.NaN));
    assertEquals(1, Exp.exp(0));
  }

  @Test
  void packingKeepsEveryWeight() {
    for (var type : List.of(DType.F32, DType.BF16, DType.F16)) {
      var weight = random.weight(type, 67, 5);
      var packed = PackedMatrix.pack(arena, weight);
      // A unit vector reads one column of the weight back.
      for (int k = 0; k < 5; k++) {
        var unit = Matrix.allocate(1, 5);
        unit.set(0, k, 1);
        var y = Matrix.allocate(1, 67);
        for (int p = 0; p < packed.panels(); p++) {
          scalar.panel(unit, (Panel) packed.panel(p), y.columns(p * 64, 64), false);
        }
        for (int n = 0; n < 67; n++) {
          assertEquals(weight.getFloat(n * 5L + k), y.get(0, n), random.seed());
        }
      }
    }
  }

  @Test
  void bfloat16RoundsToNearestEven() {
    assertEquals((short) 0x3f80, BFloat16.round(Float.intBitsToFloat(0x3f808000)));
    assertEquals((short) 0x3f82, BFloat16.round(Float.intBitsToFloat(0x3f818000)));
    assertEquals((short) 0x3f81, BFloat16.round(Float.intBitsToFloat(0x3f808001)));
    assertEquals(0x7f80, BFloat16.round(Float.MAX_VALUE));
    assertTrue(Float.isNaN(BFloat16.widen(BFloat16.round(Float.intBitsToFloat(0x7f800001)))));
  }
}
