package io.moesaic.router.trunk;

import io.moesaic.tensor.BFloat16;
import io.moesaic.tensor.DType;

/// Cosines and sines of rotary position embedding (Su et al. 2021), for the rows of a step. Rounded
/// to float32 where the reference implementation rounds: frequency, angle, cosine, sine.
final class RotaryEmbedding {
  private final boolean bfloat16;
  private final float[] frequencies;

  RotaryEmbedding(TrunkConfig config) {
    bfloat16 = config.rotary() == DType.BF16;
    frequencies = new float[config.headDim() / 2];
    for (int i = 0; i < frequencies.length; i++) {
      frequencies[i] =
          rounded(
              1 / (float) StrictMath.pow(config.ropeTheta(), (float) (2 * i) / config.headDim()));
    }
  }

  private float rounded(float frequency) {
    return bfloat16 ? BFloat16.widen(BFloat16.round(frequency)) : frequency;
  }

  /// @param cos `headDim / 2` floats for each row
  /// @param sin likewise
  record Angles(int half, float[] cos, float[] sin) {
    /// Where the angles of a row begin.
    int at(int row) {
      return row * half;
    }
  }

  Angles at(int[] positions) {
    int half = frequencies.length;
    var angles =
        new Angles(half, new float[positions.length * half], new float[positions.length * half]);
    for (int row = 0; row < positions.length; row++) {
      for (int i = 0; i < half; i++) {
        // StrictMath: the same bits on every machine.
        float angle = positions[row] * frequencies[i];
        angles.cos[angles.at(row) + i] = (float) StrictMath.cos(angle);
        angles.sin[angles.at(row) + i] = (float) StrictMath.sin(angle);
      }
    }
    return angles;
  }
}
