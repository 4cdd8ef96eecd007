package io.moesaic.router.trunk;

import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.kernel.Compute;
import io.moesaic.tensor.kernel.PackedMatrix;

/// What makes logits of activations.
///
/// @param norm `hidden` floats
/// @param epsilon of the norm
/// @param weights `[vocabulary, hidden]`
/// @param divisor of the logits
record Head(float[] norm, float epsilon, PackedMatrix weights, float divisor) {
  /// @param x `[_, hidden]`
  /// @param rows of `x` whose logits are wanted
  /// @return `[rows, vocabulary]`
  Matrix logits(Compute compute, Matrix x, int[] rows) {
    var last = Matrix.allocate(rows.length, x.cols());
    for (int i = 0; i < rows.length; i++) {
      last.copyRow(i, x, rows[i]);
    }
    compute.kernels().rmsNorm(last, norm, epsilon, last);
    var logits = Matrix.allocate(rows.length, weights.outputs());
    compute.multiply(last, weights, logits);
    divide(logits);
    return logits;
  }

  private void divide(Matrix logits) {
    if (divisor == 1) {
      return;
    }
    for (int row = 0; row < logits.rows(); row++) {
      for (int i = 0; i < logits.cols(); i++) {
        logits.set(row, i, logits.get(row, i) / divisor);
      }
    }
  }
}
