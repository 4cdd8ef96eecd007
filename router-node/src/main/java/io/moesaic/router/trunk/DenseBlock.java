package io.moesaic.router.trunk;

import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.ffn.PackedExpert;
import io.moesaic.tensor.kernel.Compute;

/// The feed-forward block of a layer without experts.
record DenseBlock(PackedExpert weights, Compute compute) implements Branch {
  @Override
  public void forward(Step step, Matrix x, Matrix y) {
    weights.forward(compute, x, y);
  }
}
