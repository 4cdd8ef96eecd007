package io.moesaic.router.trunk;

import io.moesaic.tensor.checkpoint.ModelConfig;

/// Rotary frequencies for contexts `factor` times as long as those of the training (Peng et al.
/// 2023, "YaRN"): what turns often in the old context keeps its frequency, what turns less than
/// once is slowed down by the factor, and between them lies a ramp.
///
/// @param factor by which the context is longer
/// @param originalPositions length of the old context
/// @param fast turns in the old context from which on a frequency is kept
/// @param slow turns up to which it is divided by the factor
/// @param truncate whether the ends of the ramp are rounded outwards to whole frequencies
/// @param magnitude times cosines and sines
/// @param mscaleAllDim weight of the factor's logarithm in [#sharpness]; 0 for none
record Yarn(
    float factor,
    int originalPositions,
    float fast,
    float slow,
    boolean truncate,
    float magnitude,
    float mscaleAllDim) {
  /// @param rope the section of `config` that says `yarn`
  static Yarn of(ModelConfig config, ModelConfig rope) {
    float factor = rope.positive("factor");
    int original =
        (rope.has("original_max_position_embeddings") ? rope : config)
            .integer(
                rope.has("original_max_position_embeddings")
                    ? "original_max_position_embeddings"
                    : "max_position_embeddings",
                1,
                1 << 24);
    float mscale = rope.positiveOr("mscale", 0);
    float allDim = rope.positiveOr("mscale_all_dim", 0);
    double magnitude =
        mscale != 0 && allDim != 0
            ? logarithmic(factor, mscale) / logarithmic(factor, allDim)
            : logarithmic(factor, 1);
    return new Yarn(
        factor,
        original,
        rope.positiveOr("beta_fast", 32),
        rope.positiveOr("beta_slow", 1),
        rope.flagOr("truncate", true),
        rope.positiveOr("attention_factor", (float) magnitude),
        allDim);
  }

  private static double logarithmic(double factor, double weight) {
    return factor <= 1 ? 1 : 0.1 * weight * StrictMath.log(factor) + 1;
  }

  /// What DeepSeek multiplies its scores by, as they cover more positions.
  double sharpness() {
    double scale = mscaleAllDim == 0 ? 1 : logarithmic(factor, mscaleAllDim);
    return scale * scale;
  }

  /// The frequencies, rounded where the reference rounds.
  ///
  /// @param periods `theta^(2 i / width)`, the inverse frequencies of the old context
  float[] frequencies(Rotary rotary, float[] periods) {
    double low = pairTurning(fast, rotary);
    double high = pairTurning(slow, rotary);
    if (truncate) {
      low = Math.floor(low);
      high = Math.ceil(high);
    }
    low = Math.max(low, 0);
    high = Math.min(high, rotary.width() - 1);
    // A ramp of no length would divide by zero.
    float length = (float) (high == low ? 0.001 : high - low);
    var frequencies = new float[periods.length];
    for (int i = 0; i < periods.length; i++) {
      float ramp = Math.clamp((i - (float) low) / length, 0f, 1f);
      float kept = 1 - ramp;
      frequencies[i] = 1 / (factor * periods[i]) * (1 - kept) + 1 / periods[i] * kept;
    }
    return frequencies;
  }

  /// The pair of elements, as a fraction, that turns so many times in the old context.
  private double pairTurning(double turns, Rotary rotary) {
    return rotary.width()
        * StrictMath.log(originalPositions / (turns * 2 * Math.PI))
        / (2 * StrictMath.log(rotary.theta()));
  }
}
