package io.moesaic.router.trunk;

import io.moesaic.router.trunk.AttentionConfig.Biases;

/// Qwen2-MoE (Yang et al. 2024): queries, keys and values have biases; every second of the first
/// layers may see a window only.
final class Qwen2Moe {
  private Qwen2Moe() {}

  static DecoderConfig trunk(DecoderKeys keys) {
    keys.requireNot("attention_bias");
    var config = keys.config();
    boolean biased = config.flagOr("qkv_bias", true);
    boolean sliding = config.flagOr("use_sliding_window", false);
    int windowed = config.integerOr("max_window_layers", 28, 0, 1 << 10);
    return keys.trunk(
        keys.grouped().withBiases(biased ? Biases.INPUTS : Biases.NONE),
        keys.layers(keys.windows(layer -> sliding && layer % 2 == 0 && layer < windowed)));
  }
}
