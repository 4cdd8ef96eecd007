package io.moesaic.router.trunk;

/// DeepSeek-V3 and R1 (DeepSeek-AI 2024): the trunk of DeepSeek-V2, whose weights may be FP8. The
/// layers that predict further tokens, past `num_hidden_layers`, are not used.
final class DeepseekV3 {
  private DeepseekV3() {}

  static DecoderConfig trunk(DecoderKeys keys) {
    boolean interleaved = keys.config().flagOr("rope_interleave", true);
    return keys.trunk(DeepseekV2.latent(keys, interleaved), keys.layers());
  }
}
