package io.moesaic.tensor;

/// 4-bit floats with 2 exponent bits and 1 fraction bit, in blocks of 32 that share a scale, which
/// is a power of two: MXFP4, of the OCP Microscaling Formats.
///
/// ```
///   16 bytes of codes   | 1 0 | 3 2 | 5 4 | ... | 31 30 |    the first code in the lower half
///   1 byte of scale     an exponent, biased by 127
/// ```
public final class Float4 {
  /// Weights of a block.
  public static final int BLOCK = 32;

  /// Bytes of a block's codes.
  public static final int BLOCK_BYTES = BLOCK / 2;

  private static final float[] VALUES = {
    0f, 0.5f, 1f, 1.5f, 2f, 3f, 4f, 6f, -0f, -0.5f, -1f, -1.5f, -2f, -3f, -4f, -6f
  };

  private Float4() {}

  /// What a code from 0 to 15 stands for, before it is scaled.
  public static float value(int code) {
    return VALUES[code];
  }

  /// 2 to the power of `exponent - 127`.
  ///
  /// @param exponent 0 to 255
  public static float scale(int exponent) {
    // The lowest of them is no normal float32.
    return Float.intBitsToFloat(Math.max(exponent << 23, 1 << 22));
  }
}
