package io.moesaic.router.trunk;

import io.moesaic.router.trunk.AttentionConfig.HeadNorm;

/// OLMoE (Muennighoff et al. 2024): queries and keys are normed over all heads together, and may be
/// clipped along with the values.
final class Olmoe {
  private Olmoe() {}

  static DecoderConfig trunk(DecoderKeys keys) {
    var attention =
        keys.grouped()
            .withBiases(keys.attentionBias(false))
            .withNorm(HeadNorm.WHOLE)
            .withClip(keys.config().positiveOr("clip_qkv", Float.POSITIVE_INFINITY));
    return keys.trunk(attention, keys.layers());
  }
}
