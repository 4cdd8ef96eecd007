package io.moesaic.router.trunk;

import io.moesaic.router.trunk.Residuals.Residual;
import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.kernel.Compute;
import java.util.ArrayList;
import java.util.List;

/// A decoder (Vaswani et al. 2017, with norms before the blocks).
final class DecoderTrunk implements Trunk {
  private final DecoderConfig config;
  private final DecoderWeights weights;
  private final Compute compute;
  private final RotaryEmbedding rotary;
  private final Embedding embedding;
  private final Residuals residuals;
  private final Head head;

  DecoderTrunk(DecoderConfig config, DecoderWeights weights, Compute compute) {
    this.config = config;
    this.weights = weights;
    this.compute = compute;
    var multipliers = config.multipliers();
    rotary = new RotaryEmbedding(config.rotary());
    embedding = new Embedding(weights.embeddings(), multipliers.embedding());
    residuals = new Residuals(residuals(), config.epsilon(), multipliers.residual());
    head = new Head(weights.finalNorm(), config.epsilon(), weights.head(), multipliers.logits());
  }

  private List<Residual> residuals() {
    var attentions = new Attentions(config, weights, compute);
    List<Residual> all = new ArrayList<>();
    for (int layer = 0; layer < config.layers().size(); layer++) {
      var w = weights.layers().get(layer);
      var block = config.layers().get(layer).block();
      all.add(new Residual(w.attentionNorm(), attentions.of(layer)));
      all.add(new Residual(w.blockNorm(), Branch.of(block, w.dense(), compute)));
    }
    return all;
  }

  @Override
  public TrunkConfig config() {
    return config;
  }

  @Override
  public Matrix forward(StepBatch batch, MoeLayer moe, RowFailures failures) {
    var step = new Step(batch, rotary.at(batch.positions()), moe, failures);
    var x = embedding.of(batch.tokens(), compute.kernels());
    residuals.forward(step, x, compute.kernels());
    return head.logits(compute, x, batch.logitRows());
  }

  @Override
  public long bytes() {
    return weights.bytes();
  }
}
