package io.moesaic.router.trunk;

import io.moesaic.router.trunk.TrunkConfig.Block;
import io.moesaic.tensor.DType;
import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.kernel.Compute;
import java.util.ArrayList;
import java.util.List;

/// A decoder without its experts (Vaswani et al. 2017, with norms before the blocks). Every row's
/// result depends on its own sequence only, whatever else is in the batch.
///
/// Not safe for concurrent use: one thread leads, the compute pool helps.
public final class Trunk {
  private final TrunkConfig config;
  private final TrunkWeights weights;
  private final Compute compute;
  private final RotaryEmbedding rotary;
  private final List<Residual> residuals;

  /// `x += branch(norm(x))`
  private record Residual(float[] norm, Branch branch) {}

  public Trunk(TrunkConfig config, TrunkWeights weights, Compute compute) {
    this.config = config;
    this.weights = weights;
    this.compute = compute;
    this.rotary = new RotaryEmbedding(config.rotary());
    this.residuals = residuals();
  }

  private List<Residual> residuals() {
    var attentions = new Attentions(config, weights, compute);
    List<Residual> all = new ArrayList<>();
    for (int layer = 0; layer < config.layers().size(); layer++) {
      var w = weights.layers().get(layer);
      all.add(new Residual(w.attentionNorm(), attentions.of(layer)));
      all.add(new Residual(w.blockNorm(), block(config.layers().get(layer).block(), w)));
    }
    return List.copyOf(all);
  }

  private Branch block(Block block, TrunkWeights.Layer w) {
    return switch (block) {
      case Block.Sparse(int moeLayer) ->
          (step, x, y) -> step.moe().forward(moeLayer, x, y, step.failures());
      case Block.Dense(_) -> new DenseBlock(w.dense().orElseThrow(), compute);
    };
  }

  public TrunkConfig config() {
    return config;
  }

  /// Runs a batch through all layers and stores its keys and values.
  ///
  /// @param failures rows that failed on the way; their logits are undefined
  /// @return `[batch.logitRows, vocabulary]`
  public Matrix forward(StepBatch batch, MoeLayer moe, RowFailures failures) {
    var step = new Step(batch, rotary.at(batch.positions()), moe, failures);
    var x = embed(batch.tokens());
    var normed = step.matrix("normed", config.hidden());
    var y = step.matrix("branch", config.hidden());
    for (var residual : residuals) {
      norm(x, residual.norm(), normed);
      residual.branch().forward(step, normed, y);
      scale(y, config.multipliers().residual());
      compute.kernels().add(x, y);
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
    scale(x, config.multipliers().embedding());
    return x;
  }

  private void norm(Matrix x, float[] weight, Matrix y) {
    compute.kernels().rmsNorm(x, weight, config.epsilon(), y);
  }

  private static void scale(Matrix x, float factor) {
    if (factor == 1) {
      return;
    }
    for (int row = 0; row < x.rows(); row++) {
      for (int i = 0; i < x.cols(); i++) {
        x.set(row, i, x.get(row, i) * factor);
      }
    }
  }

  private Matrix logits(Matrix x, int[] rows) {
    var last = Matrix.allocate(rows.length, config.hidden());
    for (int i = 0; i < rows.length; i++) {
      last.copyRow(i, x, rows[i]);
    }
    norm(last, weights.finalNorm(), last);
    var logits = Matrix.allocate(rows.length, config.vocabulary());
    compute.multiply(last, weights.head(), logits);
    divide(logits, config.multipliers().logits());
    return logits;
  }

  private static void divide(Matrix x, float divisor) {
    if (divisor == 1) {
      return;
    }
    for (int row = 0; row < x.rows(); row++) {
      for (int i = 0; i < x.cols(); i++) {
        x.set(row, i, x.get(row, i) / divisor);
      }
    }
  }
}
