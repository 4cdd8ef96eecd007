package io.moesaic.router.trunk;

import io.moesaic.tensor.BFloat16;
import io.moesaic.tensor.DType;
import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.kernel.Kernels;

/// Cosines and sines of rotary position embedding (Su et al. 2021), for the rows of a step. Rounded
/// to float32 where the reference implementation rounds: frequency, angle, cosine, sine.
final class RotaryEmbedding {
  private final float[] frequencies;
  private final float magnitude;

  RotaryEmbedding(Rotary rotary) {
    frequencies = frequencies(rotary);
    magnitude = rotary.yarn().map(Yarn::magnitude).orElse(1f);
  }

  /// Radians for each position, of each pair of elements.
  static float[] frequencies(Rotary rotary) {
    var periods = new float[rotary.width() / 2];
    for (int i = 0; i < periods.length; i++) {
      // StrictMath, here and below: the same bits on every machine.
      periods[i] = (float) StrictMath.pow(rotary.theta(), (float) (2 * i) / rotary.width());
    }
    var frequencies =
        rotary
            .yarn()
            .map(yarn -> yarn.frequencies(rotary, periods))
            .orElseGet(() -> inverse(periods));
    if (rotary.type() == DType.BF16) {
      for (int i = 0; i < frequencies.length; i++) {
        frequencies[i] = BFloat16.widen(BFloat16.round(frequencies[i]));
      }
    }
    return frequencies;
  }

  private static float[] inverse(float[] periods) {
    var frequencies = new float[periods.length];
    for (int i = 0; i < periods.length; i++) {
      frequencies[i] = 1 / periods[i];
    }
    return frequencies;
  }

  /// @param half pairs of elements
  /// @param cos `half` floats for each row
  /// @param sin likewise
  record Angles(int half, float[] cos, float[] sin) {
    /// Of a model that does not turn anything.
    static final Angles NONE = new Angles(0, new float[0], new float[0]);

    /// Turns `2 half` elements of a row by its angles, from column `column` on.
    void turn(Kernels kernels, Matrix x, int row, int column) {
      kernels.rotate(x, row, column, half, cos, sin, at(row));
    }

    private int at(int row) {
      return row * half;
    }
  }

  Angles at(int[] positions) {
    int half = frequencies.length;
    var angles =
        new Angles(half, new float[positions.length * half], new float[positions.length * half]);
    for (int row = 0; row < positions.length; row++) {
      for (int i = 0; i < half; i++) {
        float angle = positions[row] * frequencies[i];
        angles.cos[angles.at(row) + i] = (float) StrictMath.cos(angle) * magnitude;
        angles.sin[angles.at(row) + i] = (float) StrictMath.sin(angle) * magnitude;
      }
    }
    return angles;
  }
}
