package io.moesaic.router.trunk;

import io.moesaic.tensor.Matrix;

/// An MoE block without experts: a function of the row, of the layer, and of nothing else.
final class RowMoe implements MoeLayer {
  @Override
  public void forward(int moeLayer, Matrix hidden, Matrix output, RowFailures failures) {
    int cols = hidden.cols();
    for (int row = 0; row < hidden.rows(); row++) {
      for (int i = 0; i < cols; i++) {
        float other = hidden.get(row, (i + 3 + moeLayer) % cols);
        output.set(row, i, other - 0.5f * hidden.get(row, i) * other);
      }
    }
  }
}
