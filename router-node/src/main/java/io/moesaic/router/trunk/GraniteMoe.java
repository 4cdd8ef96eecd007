package io.moesaic.router.trunk;

import io.moesaic.router.trunk.DecoderConfig.Multipliers;

/// Granite MoE (IBM 2024): constants scale the embeddings, the scores, what each block adds, and
/// the logits.
final class GraniteMoe {
  private GraniteMoe() {}

  static DecoderConfig trunk(DecoderKeys keys) {
    var config = keys.config();
    var attention =
        keys.grouped()
            .withBiases(keys.attentionBias(false))
            .withScale(config.positiveOr("attention_multiplier", 1));
    return keys.trunk(attention, keys.layers())
        .withMultipliers(
            new Multipliers(
                config.positiveOr("embedding_multiplier", 1),
                config.positiveOr("residual_multiplier", 1),
                config.positiveOr("logits_scaling", 1)));
  }
}
