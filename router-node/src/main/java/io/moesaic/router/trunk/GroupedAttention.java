package io.moesaic.router.trunk;

import io.moesaic.router.trunk.AttentionConfig.Grouped;
import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.kernel.Compute;
import io.moesaic.tensor.kernel.Panel;
import java.util.Arrays;

/// Grouped-query attention of one layer.
///
/// ```
///   qkv row   | q head 0 | q head 1 | ... | k head 0 | ... | v head 0 | ... |
///   norm and clip; rotate q and k, store k and v; attend with the queries of each key-value head
/// ```
/// A task takes a few rows of one sequence and one key-value head.
final class GroupedAttention implements Branch {
  private final int layer;
  private final Grouped config;
  private final GroupedWeights weights;
  private final Window window;
  private final float epsilon;
  private final Compute compute;
  private final ThreadLocal<CachedAttention> attention;

  /// @param attention of each thread, shared by all layers
  GroupedAttention(
      int layer,
      GroupedWeights weights,
      Window window,
      float epsilon,
      Compute compute,
      ThreadLocal<CachedAttention> attention) {
    this.layer = layer;
    this.config = weights.config();
    this.weights = weights;
    this.window = window;
    this.epsilon = epsilon;
    this.compute = compute;
    this.attention = attention;
  }

  @Override
  public void forward(Step step, Matrix x, Matrix y) {
    var qkv = step.matrix("qkv", config.queries() + 2 * config.keys());
    var attended = step.matrix("attended", config.queries());
    compute.multiply(x, weights.qkv(), qkv);
    var blocks = step.rowBlocks();
    int heads = config.kvHeads();
    compute.pool().run(blocks.size(), i -> prepare(blocks.get(i), step.angles(), qkv));
    compute
        .pool()
        .run(blocks.size() * heads, i -> attend(blocks.get(i / heads), i % heads, qkv, attended));
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
    int width = config.headDim();
    int keysAt = config.queries();
    int valuesAt = keysAt + config.keys();
    var own = qkv.rows(rows.firstRow(), rows.rows());
    norm(own.columns(0, config.queries()), weights.queryNorm());
    norm(own.columns(keysAt, config.keys()), weights.keyNorm());
    clip(own);
    for (int i = 0; i < rows.rows(); i++) {
      int row = rows.firstRow() + i;
      for (int head = 0; head < config.heads() + config.kvHeads(); head++) {
        angles.turn(compute.kernels(), qkv, row, head * width);
      }
      for (int head = 0; head < config.kvHeads(); head++) {
        int position = rows.firstPosition() + i;
        rows.cache().putKey(layer, head, position, qkv, row, keysAt + head * width);
        rows.cache().putValue(layer, head, position, qkv, row, valuesAt + head * width);
      }
    }
  }

  private void attend(RowBlock rows, int head, Matrix qkv, Matrix output) {
    int group = config.group();
    int width = config.headDim();
    var own = attention.get();
    var queries = own.queries(rows.rows() * group);
    for (int i = 0; i < queries.rows(); i++) {
      int from = qkv.at(rows.firstRow() + i / group) + (head * group + i % group) * width;
      System.arraycopy(qkv.data(), from, queries.data(), queries.at(i), width);
    }
    var sums = own.attend(rows, window, config.scale(), sinks(head), memory(rows.cache(), head));
    for (int i = 0; i < sums.rows(); i++) {
      int to = output.at(rows.firstRow() + i / group) + (head * group + i % group) * width;
      System.arraycopy(sums.data(), sums.at(i), output.data(), to, width);
    }
  }

  /// The sinks of the queries that share a key-value head.
  private float[] sinks(int head) {
    int from = head * config.group();
    return config.sinks()
        ? Arrays.copyOfRange(weights.sinks(), from, from + config.group())
        : weights.sinks();
  }

  private CachedAttention.Memory memory(KvSequence cache, int head) {
    return new CachedAttention.Memory() {
      @Override
      public Panel keys(int block) {
        return cache.keys(block, layer, head);
      }

      @Override
      public Panel values(int block, int panel, int from, int positions) {
        return cache.values(block, layer, head, panel, from, positions);
      }
    };
  }
}
