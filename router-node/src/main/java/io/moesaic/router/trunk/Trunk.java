package io.moesaic.router.trunk;

import io.moesaic.tensor.DType;
import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.kernel.Compute;

/// A Mixtral decoder without its experts (Jiang et al. 2024). Every row's result depends on its own
/// sequence only, whatever else is in the batch.
///
/// Not safe for concurrent use: one thread leads, the compute pool helps.
public final class Trunk {
  private final TrunkConfig config;
  private final TrunkWeights weights;
  private final Compute compute;
  private final Attention attention;
  private final RotaryEmbedding rotary;

  public Trunk(TrunkConfig config, TrunkWeights weights, Compute compute) {
    this.config = config;
    this.weights = weights;
    this.compute = compute;
    this.attention = new Attention(config, compute);
    this.rotary = new RotaryEmbedding(config);
  }

  public TrunkConfig config() {
    return config;
  }

  /// Runs a batch through all layers and stores its keys and values.
  ///
  /// @param failures rows that failed on the way; their logits are undefined
  /// @return `[batch.logitRows, vocabulary]`
  public Matrix forward(StepBatch batch, MoeLayer moe, RowFailures failures) {
    int rows = batch.rows();
    int heads = config.heads() * config.headDim();
    var angles = rotary.at(batch.positions());
    var x = embed(batch.tokens());
    var normed = Matrix.allocate(rows, config.hidden());
    var qkv = Matrix.allocate(rows, heads + 2 * config.kvHeads() * config.headDim());
    var attended = Matrix.allocate(rows, heads);
    var branch = Matrix.allocate(rows, config.hidden());
    for (int layer = 0; layer < config.layers(); layer++) {
      var w = weights.layers().get(layer);
      norm(x, w.attentionNorm(), normed);
      compute.multiply(normed, w.qkv(), qkv);
      attention.forward(layer, batch, angles, qkv, attended);
      compute.multiply(attended, w.output(), branch);
      compute.kernels().add(x, branch);

      norm(x, w.moeNorm(), normed);
      moe.forward(layer, normed, branch, failures);
      compute.kernels().add(x, branch);
    }
    return logits(x, batch.logitRows());
  }

  private Matrix embed(int[] tokens) {
    var x = Matrix.allocate(tokens.length, config.hidden());
    var table = weights.embeddings();
    for (int row = 0; row < tokens.length; row++) {
      long first = (long) tokens[row] * config.hidden();
      long at = first * table.dtype().bytes();
      if (table.dtype() == DType.BF16) {
        compute.kernels().widen(table.data(), at, x, row);
      } else {
        for (int i = 0; i < config.hidden(); i++) {
          x.set(row, i, table.getFloat(first + i));
        }
      }
    }
    return x;
  }

  private void norm(Matrix x, float[] weight, Matrix y) {
    compute.kernels().rmsNorm(x, weight, config.epsilon(), y);
  }

  private Matrix logits(Matrix x, int[] rows) {
    var last = Matrix.allocate(rows.length, config.hidden());
    for (int i = 0; i < rows.length; i++) {
      last.copyRow(i, x, rows[i]);
    }
    norm(last, weights.finalNorm(), last);
    var logits = Matrix.allocate(rows.length, config.vocabulary());
    compute.multiply(last, weights.head(), logits);
    return logits;
  }
}
