package io.moesaic.router.trunk;

import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.ffn.PackedExpert;
import io.moesaic.tensor.kernel.Compute;
import java.util.Optional;

/// What a layer adds to the residual stream: attention, or a feed-forward block. Each row of the
/// output depends on that row's sequence only.
@FunctionalInterface
interface Branch {
  /// @param x `[rows, hidden]`, normed
  /// @param y `[rows, hidden]`, overwritten
  void forward(Step step, Matrix x, Matrix y);

  /// A feed-forward block.
  ///
  /// @param dense the weights of a block without experts
  static Branch of(Block block, Optional<PackedExpert> dense, Compute compute) {
    return switch (block) {
      case Block.Sparse(int moeLayer) ->
          (step, x, y) -> step.moe().forward(moeLayer, x, y, step.failures());
      case Block.Dense _ -> new DenseBlock(dense.orElseThrow(), compute);
    };
  }
}
