package io.moesaic.tensor.kernel;

import static org.junit.jupiter.api.Assertions.fail;

import io.moesaic.tensor.Matrix;
import java.util.function.Supplier;

/// Equality of floats by their bits; NaNs are equal to each other whatever their payload.
public final class Bits {
  private Bits() {}

  public static void assertSame(Matrix expected, Matrix actual, Supplier<String> context) {
    for (int row = 0; row < expected.rows(); row++) {
      for (int col = 0; col < expected.cols(); col++) {
        float e = expected.get(row, col);
        float a = actual.get(row, col);
        if (Float.floatToIntBits(e) != Float.floatToIntBits(a)) {
          fail(
              "%s: [%d, %d] expected %s (%08x), got %s (%08x)"
                  .formatted(
                      context.get(),
                      row,
                      col,
                      e,
                      Float.floatToRawIntBits(e),
                      a,
                      Float.floatToRawIntBits(a)));
        }
      }
    }
  }
}
