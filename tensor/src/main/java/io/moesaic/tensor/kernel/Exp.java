package io.moesaic.tensor.kernel;

import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LT;

import jdk.incubator.vector.FloatVector;

/// The exponential function, once in scalar and once in vector form, with the same bits.
///
/// `exp(x) = 2ⁿ · exp(r)` with `n = round(x · log2(e))` and `|r| <= ln(2) / 2`; `exp(r)` is the
/// Taylor polynomial of degree 7, whose truncation error (`r⁸ / 8!`, at most 6e-9) is below
/// float32's rounding. The result is within 1 unit in the last place over the whole range. Below
/// [#LOWEST] it is 0 (no subnormal results), above [#HIGHEST] infinity.
public final class Exp {
  /// Under this, the result would come close to the smallest normal float.
  static final float LOWEST = -87f;

  /// Over this, 2ⁿ would come close to the largest float.
  static final float HIGHEST = 88f;

  private static final float LOG2_E = 0x1.715476p0f;

  /// Adding this rounds to an integer, which the lower bits of the sum then hold.
  private static final float ROUND = 0x1.8p23f;

  /// ln(2) in two parts: the first has few enough bits that `n` times it is exact.
  private static final float LN2_HIGH = 0x1.62e4p-1f;

  private static final float LN2_LOW = (float) (0.6931471805599453 - 0x1.62e4p-1);

  private static final float C7 = 1f / 5040;
  private static final float C6 = 1f / 720;
  private static final float C5 = 1f / 120;
  private static final float C4 = 1f / 24;
  private static final float C3 = 1f / 6;
  private static final float C2 = 1f / 2;

  private Exp() {}

  /// `eˣ`, as all kernels compute it.
  public static float exp(float x) {
    if (x < LOWEST) {
      return 0;
    }
    if (x > HIGHEST) {
      return Float.POSITIVE_INFINITY;
    }
    float shifted = Math.fma(x, LOG2_E, ROUND);
    float n = shifted - ROUND;
    float r = Math.fma(n, -LN2_HIGH, x);
    r = Math.fma(n, -LN2_LOW, r);
    float p = Math.fma(r, C7, C6);
    p = Math.fma(p, r, C5);
    p = Math.fma(p, r, C4);
    p = Math.fma(p, r, C3);
    p = Math.fma(p, r, C2);
    p = Math.fma(p, r, 1f);
    p = Math.fma(p, r, 1f);
    // Adds n to the exponent of p: the sum's bits are those of ROUND, whose low 9 bits are zero,
    // plus n.
    return Float.intBitsToFloat(
        Float.floatToRawIntBits(p) + (Float.floatToRawIntBits(shifted) << 23));
  }

  static FloatVector exp(FloatVector x) {
    var shifted = x.fma(broadcast(x, LOG2_E), broadcast(x, ROUND));
    var n = shifted.sub(ROUND);
    var r = n.fma(broadcast(x, -LN2_HIGH), x);
    r = n.fma(broadcast(x, -LN2_LOW), r);
    var p = r.fma(broadcast(x, C7), broadcast(x, C6));
    p = p.fma(r, broadcast(x, C5));
    p = p.fma(r, broadcast(x, C4));
    p = p.fma(r, broadcast(x, C3));
    p = p.fma(r, broadcast(x, C2));
    p = p.fma(r, broadcast(x, 1f));
    p = p.fma(r, broadcast(x, 1f));
    var scaled =
        p.reinterpretAsInts()
            .add(shifted.reinterpretAsInts().lanewise(LSHL, 23))
            .reinterpretAsFloats();
    return scaled
        .blend(0f, x.compare(LT, LOWEST))
        .blend(Float.POSITIVE_INFINITY, x.compare(GT, HIGHEST));
  }

  private static FloatVector broadcast(FloatVector like, float value) {
    return FloatVector.broadcast(like.species(), value);
  }
}
