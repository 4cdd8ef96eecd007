package io.moesaic.router.trunk;

import io.moesaic.router.trunk.AttentionConfig.HeadNorm;

/// Qwen3-MoE (Yang et al. 2025): each head's query and key are normed; all layers may see a window
/// only.
final class Qwen3Moe {
  private Qwen3Moe() {}

  static DecoderConfig trunk(DecoderKeys keys) {
    boolean sliding = keys.config().flagOr("use_sliding_window", false);
    var window = sliding ? keys.slidingWindow() : Window.ALL;
    return keys.trunk(
        keys.grouped().withBiases(keys.attentionBias(false)).withNorm(HeadNorm.EACH),
        keys.layers(_ -> window));
  }
}
