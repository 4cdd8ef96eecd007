package io.moesaic.router.trunk;

import io.moesaic.router.trunk.TrunkConfig.Multipliers;
import io.moesaic.tensor.checkpoint.ModelConfig;

/// Granite MoE (IBM 2024): constants scale the embeddings, the scores, what each block adds, and
/// the logits.
final class GraniteMoe {
  private GraniteMoe() {}

  static TrunkConfig trunk(DecoderKeys keys) {
    keys.requireUnquantised();
    var config = keys.config();
    var attention =
        keys.grouped()
            .withBiases(keys.attentionBias(false))
            .withScale(positiveOrOne(config, "attention_multiplier"));
    return keys.trunk(attention, keys.layers())
        .withMultipliers(
            new Multipliers(
                positiveOrOne(config, "embedding_multiplier"),
                positiveOrOne(config, "residual_multiplier"),
                positiveOrOne(config, "logits_scaling")));
  }

  private static float positiveOrOne(ModelConfig config, String key) {
    return config.has(key) ? config.positive(key) : 1;
  }
}
