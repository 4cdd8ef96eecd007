package io.moesaic.router.trunk;

import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.kernel.Compute;
import io.moesaic.tensor.kernel.PackedMatrix;

/// A projection, `y = x · Wᵀ + bias`.
///
/// @param weight `[outputs, inputs]`
/// @param bias `outputs` floats, or none
record Linear(PackedMatrix weight, float[] bias) {
  /// @param x `[rows, inputs]`
  /// @param y `[rows, outputs]`, with room for whole panels in each row
  void apply(Compute compute, Matrix x, Matrix y) {
    compute.multiply(x, weight, y);
    for (int row = 0; row < y.rows(); row++) {
      int at = y.at(row);
      for (int i = 0; i < bias.length; i++) {
        y.data()[at + i] += bias[i];
      }
    }
  }
}
