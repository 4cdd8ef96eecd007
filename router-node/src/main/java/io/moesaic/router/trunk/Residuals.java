package io.moesaic.router.trunk;

import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.kernel.Kernels;
import java.util.List;

/// The blocks that a residual stream passes, one after the other: `x += factor · branch(norm(x))`.
///
/// @param blocks in order
/// @param epsilon of the norms
/// @param factor times what each block adds
record Residuals(List<Residual> blocks, float epsilon, float factor) {
  /// @param norm `hidden` floats
  record Residual(float[] norm, Branch branch) {}

  Residuals {
    blocks = List.copyOf(blocks);
  }

  /// @param x `[rows, hidden]`, overwritten with what comes out
  void forward(Step step, Matrix x, Kernels kernels) {
    var normed = step.matrix("normed", x.cols());
    var y = step.matrix("branch", x.cols());
    for (var block : blocks) {
      kernels.rmsNorm(x, block.norm, epsilon, normed);
      block.branch.forward(step, normed, y);
      scale(y, factor);
      kernels.add(x, y);
    }
  }

  static void scale(Matrix x, float factor) {
    if (factor == 1) {
      return;
    }
    for (int row = 0; row < x.rows(); row++) {
      for (int i = 0; i < x.cols(); i++) {
        x.set(row, i, x.get(row, i) * factor);
      }
    }
  }
}
