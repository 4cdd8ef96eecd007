package io.moesaic.tensor;

/// bfloat16: the upper half of a float32 (8 exponent bits, 7 fraction bits).
public final class BFloat16 {
  private BFloat16() {}

  /// Exact.
  public static float widen(short bits) {
    return Float.intBitsToFloat(bits << 16);
  }

  /// Rounds to nearest, ties to even. A NaN stays a NaN (quietened, so that no payload rounds up to
  /// infinity).
  public static short round(float value) {
    int bits = Float.floatToRawIntBits(value);
    if (Float.isNaN(value)) {
      return (short) ((bits >>> 16) | 0x40);
    }
    return (short) ((bits + 0x7fff + ((bits >>> 16) & 1)) >>> 16);
  }
}
