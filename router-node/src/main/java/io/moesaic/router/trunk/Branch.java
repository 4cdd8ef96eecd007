package io.moesaic.router.trunk;

import io.moesaic.tensor.Matrix;

/// What a layer adds to the residual stream: attention, or a feed-forward block. Each row of the
/// output depends on that row's sequence only.
@FunctionalInterface
interface Branch {
  /// @param x `[rows, hidden]`, normed
  /// @param y `[rows, hidden]`, overwritten
  void forward(Step step, Matrix x, Matrix y);
}
