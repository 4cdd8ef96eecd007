package io.moesaic.router.trunk;

import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.kernel.Compute;

/// Attention of a text's tokens to the encoded prompt, of one layer of the decoder.
final class CrossAttention implements Branch {
  private final CrossWeights weights;
  private final CachedHeads heads;
  private final Compute compute;

  CrossAttention(CrossWeights weights, CachedHeads heads, Compute compute) {
    this.weights = weights;
    this.heads = heads;
    this.compute = compute;
  }

  /// Stores the keys and values of prompts.
  ///
  /// @param encoded `[rows, hidden]`: what the encoder made of the step's rows
  void remember(Step step, Matrix encoded) {
    var kv = step.matrix("encoded keys and values", 2 * heads.config().keys());
    compute.multiply(encoded, weights.keysAndValues(), kv);
    var blocks = step.rowBlocks();
    compute.pool().run(blocks.size(), i -> heads.store(blocks.get(i), kv));
  }

  @Override
  public void forward(Step step, Matrix x, Matrix y) {
    var queries = step.matrix("queries", heads.config().queries());
    var attended = step.matrix("attended", heads.config().queries());
    compute.multiply(x, weights.queries(), queries);
    heads.attend(step.rowBlocks(), queries, attended, compute);
    compute.multiply(attended, weights.output(), y);
  }
}
