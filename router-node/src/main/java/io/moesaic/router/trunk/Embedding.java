package io.moesaic.router.trunk;

import io.moesaic.tensor.DType;
import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.Tensor;
import io.moesaic.tensor.kernel.Kernels;

/// The activations that tokens begin with.
///
/// @param table `[vocabulary, hidden]`, mapped: a step reads a few rows
/// @param factor times its values
record Embedding(Tensor table, float factor) {
  /// @return `[tokens, hidden]`
  Matrix of(int[] tokens, Kernels kernels) {
    int hidden = (int) table.shape().dim(1);
    var x = Matrix.allocate(tokens.length, hidden);
    for (int row = 0; row < tokens.length; row++) {
      long first = (long) tokens[row] * hidden;
      long at = first * table.dtype().bytes();
      if (table.dtype() == DType.BF16) {
        kernels.widen(table.data(), at, x, row);
      } else {
        for (int i = 0; i < hidden; i++) {
          x.set(row, i, table.getFloat(first + i));
        }
      }
    }
    Residuals.scale(x, factor);
    return x;
  }
}
