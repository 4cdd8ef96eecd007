package io.moesaic.tensor;

/// 8-bit floats with 4 exponent bits and 3 fraction bits, and without infinities: [DType#F8_E4M3].
public final class Float8 {
  private Float8() {}

  /// Exact.
  public static float widen(byte bits) {
    int magnitude = bits & 0x7f;
    float value;
    if (magnitude == 0x7f) {
      value = Float.NaN;
    } else if (magnitude < 8) {
      value = magnitude * 0x1p-9f;
    } else {
      // Exponent and fraction fit float32's, whose exponents are biased by 127 instead of 7.
      value = Float.intBitsToFloat((magnitude << 20) + ((127 - 7) << 23));
    }
    return bits < 0 ? -value : value;
  }
}
