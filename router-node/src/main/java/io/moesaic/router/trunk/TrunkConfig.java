package io.moesaic.router.trunk;

import io.moesaic.tensor.DType;
import io.moesaic.tensor.checkpoint.ModelConfig;

/// A model without its experts, as its `config.json` tells. A file for each family says what is
/// special about it.
public sealed interface TrunkConfig permits DecoderConfig, EncoderDecoderConfig {
  /// Reads `config.json`.
  ///
  /// @throws io.moesaic.tensor.checkpoint.CheckpointException naming the key that is missing, out
  ///     of bounds, or of a model that no trunk serves
  static TrunkConfig of(ModelConfig config) {
    return switch (config.text("model_type").orElse("absent")) {
      case "mixtral" -> Mixtral.trunk(new DecoderKeys(config));
      case "olmoe" -> Olmoe.trunk(new DecoderKeys(config));
      case "qwen2_moe" -> Qwen2Moe.trunk(new DecoderKeys(config));
      case "qwen3_moe" -> Qwen3Moe.trunk(new DecoderKeys(config));
      case "granitemoe" -> GraniteMoe.trunk(new DecoderKeys(config));
      case "gpt_oss" -> GptOss.trunk(new DecoderKeys(config));
      case "deepseek_v2" -> DeepseekV2.trunk(new DecoderKeys(config));
      case "deepseek_v3" -> DeepseekV3.trunk(new DecoderKeys(config));
      case "switch_transformers" -> SwitchTransformers.trunk(config);
      default ->
          throw config.invalid(
              "model_type",
              "must be one of mixtral, olmoe, qwen2_moe, qwen3_moe, granitemoe, gpt_oss,"
                  + " deepseek_v2, deepseek_v3 or switch_transformers");
    };
  }

  /// Width of an activation.
  int hidden();

  /// Number of token ids.
  int vocabulary();

  /// Longest sequence.
  int maxPositions();

  /// MoE blocks.
  int moeLayers();

  /// MoE blocks of the encoder, which come first; 0 without one.
  int encoderMoeLayers();

  /// Whether a prompt is encoded apart from its text; otherwise the text continues it.
  boolean encodesPrompts();

  /// The same with rotary frequencies of another type: BF16 for a reference that was cast to
  /// bfloat16 with them, as `model.to(torch.bfloat16)` does.
  TrunkConfig withRotary(DType type);
}
