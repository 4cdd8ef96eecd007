package io.moesaic.router.trunk;

import io.moesaic.router.trunk.AttentionConfig.Grouped;
import io.moesaic.tensor.checkpoint.ModelConfig;
import io.moesaic.tensor.ffn.ExpertBank;
import java.util.List;
import java.util.stream.IntStream;

/// Switch Transformers (Fedus et al. 2021): a T5 some of whose feed-forward blocks have experts.
/// Scores are not scaled.
final class SwitchTransformers {
  private SwitchTransformers() {}

  static EncoderDecoderConfig trunk(ModelConfig config) {
    int heads = config.integer("num_heads", 1, 1 << 12);
    int headDim = config.integer("d_kv", 1, 1 << 12);
    int buckets = config.integerOr("relative_attention_num_buckets", 32, 4, 1 << 12);
    if (buckets % 2 != 0) {
      throw config.invalid("relative_attention_num_buckets", "must be even");
    }
    if (!config.text("router_dtype").orElse("float32").equals("float32")) {
      throw config.invalid("router_dtype", "must be \"float32\"");
    }
    int encoder = config.integer("num_layers", 1, 1 << 10);
    int decoder = config.integer("num_decoder_layers", 1, 1 << 10);
    var experts = ExpertBank.of(config);
    return new EncoderDecoderConfig(
        experts.block().hidden(),
        config.integer("vocab_size", 1, 1 << 22),
        config.positiveOr("layer_norm_epsilon", 1e-6f),
        config.flagOr("tie_word_embeddings", true),
        Grouped.plain(heads, heads, headDim).withScale(1),
        buckets,
        // Farther than the distances that have a bucket each.
        config.integerOr("relative_attention_max_distance", 128, buckets / 2 + 1, 1 << 16),
        blocks(experts, "encoder", encoder),
        blocks(experts, "decoder", decoder));
  }

  private static List<Block> blocks(ExpertBank experts, String half, int layers) {
    return IntStream.range(0, layers)
        .mapToObj(layer -> Block.of(experts, half + ".block." + layer + ".", experts::block))
        .toList();
  }
}
