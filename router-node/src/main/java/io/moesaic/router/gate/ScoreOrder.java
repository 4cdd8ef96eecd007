package io.moesaic.router.gate;

/// Numbers to sort by, so that a sort of primitives gives: the highest score first, the lower index
/// among equals. As in [io.moesaic.tensor.kernel.Kernels#topK], NaN ranks with minus infinity.
///
/// ```
///   63        32 31         0
///   | ~ordered  |   index   |      ordered: an int that grows with the score
/// ```
public final class ScoreOrder {
  private ScoreOrder() {}

  /// @param index not negative
  public static long key(float score, int index) {
    // Adding 0 makes one zero of the two.
    int bits = Float.floatToIntBits(Float.isNaN(score) ? Float.NEGATIVE_INFINITY : score + 0f);
    int ordered = bits ^ (bits >> 31 & Integer.MAX_VALUE);
    return (long) ~ordered << 32 | index;
  }

  /// The index of a key.
  public static int index(long key) {
    return (int) key;
  }
}
