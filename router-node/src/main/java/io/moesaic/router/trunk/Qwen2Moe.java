package io.moesaic.router.trunk;

import io.moesaic.router.trunk.AttentionConfig.Biases;
import java.util.Arrays;
import java.util.function.IntPredicate;

/// Qwen2-MoE (Yang et al. 2024): queries, keys and values have biases; some layers may be dense,
// and
/// some of the first ones may see a window only.
final class Qwen2Moe {
  private Qwen2Moe() {}

  static TrunkConfig trunk(DecoderKeys keys) {
    keys.requireUnquantised();
    keys.requireNot("attention_bias");
    var config = keys.config();
    boolean biased = config.flagOr("qkv_bias", true);
    boolean sliding = config.flagOr("use_sliding_window", false);
    int windowed = config.integerOr("max_window_layers", 28, 0, 1 << 10);
    return keys.trunk(
        keys.grouped().withBiases(biased ? Biases.INPUTS : Biases.NONE),
        keys.layers(
            keys.windows(layer -> sliding && layer % 2 == 0 && layer < windowed), sparse(keys)));
  }

  /// The layers that have experts, also of Qwen3-MoE.
  static IntPredicate sparse(DecoderKeys keys) {
    int step = keys.config().integerOr("decoder_sparse_step", 1, 1, 1 << 10);
    var dense = keys.config().integers("mlp_only_layers", 0, keys.layerCount() - 1);
    return layer -> (layer + 1) % step == 0 && Arrays.stream(dense).noneMatch(d -> d == layer);
  }
}
