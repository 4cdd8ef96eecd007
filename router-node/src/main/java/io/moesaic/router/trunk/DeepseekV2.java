package io.moesaic.router.trunk;

/// DeepSeek-V2 (DeepSeek-AI 2024): attention over a latent; pairs that are turned together stand
/// side by side.
final class DeepseekV2 {
  private DeepseekV2() {}

  static DecoderConfig trunk(DecoderKeys keys) {
    keys.requireNot("mlp_bias");
    return keys.trunk(latent(keys, true), keys.layers());
  }

  /// The attention, also of DeepSeek-V3.
  static AttentionConfig.Latent latent(DecoderKeys keys, boolean interleaved) {
    var config = keys.config();
    int heads = keys.heads();
    if (config.integerOr("num_key_value_heads", heads, 1, 1 << 12) != heads) {
      throw config.invalid("num_key_value_heads", "must be num_attention_heads, " + heads);
    }
    int plain = config.integer("qk_nope_head_dim", 1, 1 << 12);
    int rotated = config.integer("qk_rope_head_dim", 2, 1 << 12);
    if (rotated % 2 != 0) {
      throw config.invalid("qk_rope_head_dim", "must be even");
    }
    double sharpness = Rotary.of(config, rotated).yarn().map(Yarn::sharpness).orElse(1.0);
    return new AttentionConfig.Latent(
        heads,
        config.integerOr("q_lora_rank", 0, 1, 1 << 16),
        config.integer("kv_lora_rank", 1, 1 << 16),
        plain,
        rotated,
        config.integer("v_head_dim", 1, 1 << 12),
        (float) (sharpness / Math.sqrt(plain + rotated)),
        config.flagOr("attention_bias", false),
        interleaved);
  }
}
