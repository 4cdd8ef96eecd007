package io.moesaic.tensor.ffn;

import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.kernel.Kernels;

/// What a feed-forward block computes, in plain loops over the checkpoint's own weights: one row at
/// a time, each product one chain of fused multiply-adds. [PackedExpert] has the same bits.
public final class PlainExpert {
  private static final Kernels KERNELS = Kernels.scalar();

  private PlainExpert() {}

  /// @param x `[hidden]`
  /// @return `[hidden]`
  public static float[] run(ExpertWeights weights, float[] x) {
    var activated = multiply(weights.inward().getFirst(), x);
    switch (weights.block()) {
      case FeedForward.SwiGlu _ ->
          KERNELS.siluMultiply(activated, multiply(weights.inward().getLast(), x));
      case FeedForward.ClampedSwiGlu(_, _, float limit, float alpha) ->
          KERNELS.clampedSiluMultiply(
              activated, multiply(weights.inward().getLast(), x), limit, alpha);
      case FeedForward.Relu _ -> KERNELS.relu(activated);
    }
    return floats(multiply(weights.down(), floats(activated)));
  }

  private static Matrix multiply(Linear linear, float[] x) {
    var weight = linear.weight();
    var y = Matrix.allocate(1, weight.outputs());
    for (int n = 0; n < weight.outputs(); n++) {
      float sum = 0;
      for (int k = 0; k < x.length; k++) {
        sum = Math.fma(weight.get(n, k), x[k], sum);
      }
      y.set(0, n, linear.bias().length == 0 ? sum : sum + linear.bias()[n]);
    }
    return y;
  }

  private static float[] floats(Matrix row) {
    var floats = new float[row.cols()];
    System.arraycopy(row.data(), row.at(0), floats, 0, floats.length);
    return floats;
  }
}
