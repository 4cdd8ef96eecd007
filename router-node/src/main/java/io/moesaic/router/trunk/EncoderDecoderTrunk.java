package io.moesaic.router.trunk;

import io.moesaic.router.trunk.EncoderDecoderWeights.Stack;
import io.moesaic.router.trunk.Residuals.Residual;
import io.moesaic.router.trunk.RotaryEmbedding.Angles;
import io.moesaic.router.trunk.StepBatch.Segment;
import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.kernel.Compute;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.IntStream;

/// An encoder and a decoder (Raffel et al. 2020, "T5"). A pass is of one of the two:
///
/// ```
///   encode  prompts, each whole; of what becomes of them, each layer of the decoder remembers its
///           own keys and values
///   decode  tokens of texts: attend to the text so far, then to the prompt
/// ```
final class EncoderDecoderTrunk implements Trunk {
  private final EncoderDecoderConfig config;
  private final EncoderDecoderWeights weights;
  private final Compute compute;
  private final ThreadLocal<CachedAttention> attention;
  private final Embedding prompts;
  private final Embedding texts;
  private final List<CrossAttention> crossAttentions;
  private final Residuals encoder;
  private final Residuals decoder;
  private final Head head;

  EncoderDecoderTrunk(EncoderDecoderConfig config, EncoderDecoderWeights weights, Compute compute) {
    this.config = config;
    this.weights = weights;
    this.compute = compute;
    attention =
        ThreadLocal.withInitial(() -> CachedAttention.of(config.attention(), compute.kernels()));
    prompts = new Embedding(weights.encoder().embeddings(), 1);
    texts = new Embedding(weights.decoder().embeddings(), 1);
    crossAttentions = crossAttentions();
    encoder = residuals(weights.encoder(), config.encoder(), new EncodedPrompt());
    decoder = residuals(weights.decoder(), config.decoder(), Window.ALL);
    head =
        new Head(
            weights.decoder().finalNorm(),
            config.epsilon(),
            weights.head(),
            config.logitsDivisor());
  }

  private List<CrossAttention> crossAttentions() {
    var layers = weights.decoder().layers();
    var unbiased =
        Weighting.same(new Weighting.Scaled(config.attention().scale()), config.attention());
    List<CrossAttention> all = new ArrayList<>();
    for (int layer = 0; layer < layers.size(); layer++) {
      var heads =
          new CachedHeads(layer, config.attention(), new EncodedPrompt(), unbiased, attention);
      all.add(new CrossAttention(layers.get(layer).cross().orElseThrow(), heads, compute));
    }
    return List.copyOf(all);
  }

  private Residuals residuals(Stack stack, List<Block> blocks, Sight sight) {
    List<Weighting> biased =
        IntStream.range(0, config.attention().kvHeads())
            .<Weighting>mapToObj(head -> new Weighting.Biased(stack.bias(), head))
            .toList();
    List<Residual> all = new ArrayList<>();
    for (int i = 0; i < blocks.size(); i++) {
      int layer = i;
      var w = stack.layers().get(layer);
      var heads = new CachedHeads(layer, config.attention(), sight, biased, attention);
      var self = new GroupedAttention(w.attention(), heads, config.epsilon(), compute);
      all.add(new Residual(w.attentionNorm(), self));
      w.cross().ifPresent(c -> all.add(new Residual(c.norm(), crossAttentions.get(layer))));
      all.add(new Residual(w.blockNorm(), Branch.of(blocks.get(layer), w.dense(), compute)));
    }
    return new Residuals(all, config.epsilon(), 1);
  }

  @Override
  public TrunkConfig config() {
    return config;
  }

  @Override
  public Matrix forward(StepBatch batch, MoeLayer moe, RowFailures failures) {
    var step = new Step(batch, Angles.NONE, moe, failures);
    if (encodes(batch)) {
      encode(step, prompts.of(batch.tokens(), compute.kernels()));
      return Matrix.allocate(0, config.vocabulary());
    }
    var x = texts.of(batch.tokens(), compute.kernels());
    decoder.forward(step, x, compute.kernels());
    return head.logits(compute, x, batch.logitRows());
  }

  private void encode(Step step, Matrix x) {
    encoder.forward(step, x, compute.kernels());
    compute.kernels().rmsNorm(x, weights.encoder().finalNorm(), config.epsilon(), x);
    // The encoder's own keys and values are not needed any more, and make room for these.
    for (var cross : crossAttentions) {
      cross.remember(step, x);
    }
  }

  private static boolean encodes(StepBatch batch) {
    long prompts = batch.segments().stream().filter(EncoderDecoderTrunk::isOfPrompt).count();
    if (prompts == 0) {
      return false;
    }
    if (prompts < batch.segments().size() || batch.logitRows().length > 0) {
      throw new IllegalArgumentException(
          "a pass encodes %d prompts, and has %d other segments and %d rows of logits, must be 0"
              .formatted(prompts, batch.segments().size() - prompts, batch.logitRows().length));
    }
    return true;
  }

  private static boolean isOfPrompt(Segment segment) {
    int encoded = segment.cache().encoded();
    if (segment.firstPosition() >= encoded) {
      return false;
    }
    if (segment.firstPosition() != 0 || segment.rows() != encoded) {
      throw new IllegalArgumentException(
          "%d rows from position %d are no encoded prompt, must be all of its %d from 0"
              .formatted(segment.rows(), segment.firstPosition(), encoded));
    }
    return true;
  }

  @Override
  public long bytes() {
    return weights.bytes();
  }
}
