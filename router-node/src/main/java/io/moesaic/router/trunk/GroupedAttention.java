package io.moesaic.router.trunk;

import io.moesaic.router.trunk.AttentionConfig.Grouped;
import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.kernel.Compute;

/// Grouped-query attention of one layer.
///
/// ```
///   qkv row   | q head 0 | q head 1 | ... | k head 0 | ... | v head 0 | ... |
///   norm and clip; rotate q and k, store k and v; attend with the queries of each key-value head
/// ```
/// A task takes a few rows of one sequence and one key-value head.
final class GroupedAttention implements Branch {
  private final Grouped config;
  private final GroupedWeights weights;
  private final CachedHeads heads;
  private final float epsilon;
  private final Compute compute;

  GroupedAttention(GroupedWeights weights, CachedHeads heads, float epsilon, Compute compute) {
    this.config = weights.config();
    this.weights = weights;
    this.heads = heads;
    this.epsilon = epsilon;
    this.compute = compute;
  }

  @Override
  public void forward(Step step, Matrix x, Matrix y) {
    var qkv = step.matrix("qkv", config.queries() + 2 * config.keys());
    var attended = step.matrix("attended", config.queries());
    compute.multiply(x, weights.qkv(), qkv);
    var blocks = step.rowBlocks();
    compute.pool().run(blocks.size(), i -> prepare(blocks.get(i), step.angles(), qkv));
    heads.attend(blocks, qkv, attended, compute);
    compute.multiply(attended, weights.output(), y);
  }

  /// Norms as many columns at a time as there are weights.
  private void norm(Matrix x, float[] weight) {
    for (int at = 0; weight.length > 0 && at < x.cols(); at += weight.length) {
      var part = x.columns(at, weight.length);
      compute.kernels().rmsNorm(part, weight, epsilon, part);
    }
  }

  private void clip(Matrix qkv) {
    if (config.clip() == Float.POSITIVE_INFINITY) {
      return;
    }
    for (int row = 0; row < qkv.rows(); row++) {
      for (int i = 0; i < qkv.cols(); i++) {
        qkv.set(row, i, Math.clamp(qkv.get(row, i), -config.clip(), config.clip()));
      }
    }
  }

  private void prepare(RowBlock rows, RotaryEmbedding.Angles angles, Matrix qkv) {
    var own = qkv.rows(rows.firstRow(), rows.rows());
    norm(own.columns(0, config.queries()), weights.queryNorm());
    norm(own.columns(config.queries(), config.keys()), weights.keyNorm());
    clip(own);
    for (int i = 0; i < rows.rows(); i++) {
      for (int head = 0; head < config.heads() + config.kvHeads(); head++) {
        angles.turn(compute.kernels(), qkv, rows.firstRow() + i, head * config.headDim());
      }
    }
    heads.store(rows, qkv.columns(config.queries(), 2 * config.keys()));
  }
}
