package io.moesaic.router.trunk;

import io.moesaic.tensor.DType;
import io.moesaic.tensor.checkpoint.ModelConfig;
import io.moesaic.tensor.ffn.FeedForward;
import java.util.List;
import java.util.function.Function;

/// A decoder without its experts: what the families have in common, and the choices in which they
/// differ. [#of] reads it; a file for each family says what is special about it.
///
/// @param hidden width of an activation
/// @param vocabulary number of token ids
/// @param maxPositions longest sequence
/// @param epsilon of the norms
/// @param tiedHead whether the head shares the embeddings' weights
/// @param multipliers of the residual stream
/// @param rotary how positions turn queries and keys
/// @param attention of every layer
/// @param layers in order
public record TrunkConfig(
    int hidden,
    int vocabulary,
    int maxPositions,
    float epsilon,
    boolean tiedHead,
    Multipliers multipliers,
    Rotary rotary,
    AttentionConfig attention,
    List<Layer> layers) {
  public TrunkConfig {
    layers = List.copyOf(layers);
  }

  /// A layer: attention, then a feed-forward block.
  record Layer(Window window, Block block) {}

  /// The feed-forward block of a layer.
  sealed interface Block {
    /// An MoE block, which is not the trunk's business.
    ///
    /// @param moeLayer its number among the MoE blocks, from 0
    record Sparse(int moeLayer) implements Block {}

    /// One feed-forward block for all tokens.
    record Dense(FeedForward.SwiGlu feedForward) implements Block {}
  }

  /// Constants that scale activations on their way.
  ///
  /// @param embedding times the embeddings
  /// @param residual times what each block adds to the residual stream
  /// @param logits by which the logits are divided
  record Multipliers(float embedding, float residual, float logits) {
    static final Multipliers NONE = new Multipliers(1, 1, 1);
  }

  /// Reads `config.json`.
  ///
  /// @throws io.moesaic.tensor.checkpoint.CheckpointException naming the key that is missing, out
  ///     of bounds, or of a model that this trunk does not serve
  public static TrunkConfig of(ModelConfig config) {
    Function<DecoderKeys, TrunkConfig> family =
        switch (config.text("model_type").orElse("absent")) {
          case "mixtral" -> Mixtral::trunk;
          case "olmoe" -> Olmoe::trunk;
          case "qwen2_moe" -> Qwen2Moe::trunk;
          case "qwen3_moe" -> Qwen3Moe::trunk;
          case "granitemoe" -> GraniteMoe::trunk;
          case "gpt_oss" -> GptOss::trunk;
          case "deepseek_v2" -> DeepseekV2::trunk;
          case "deepseek_v3" -> DeepseekV3::trunk;
          default ->
              throw config.invalid(
                  "model_type",
                  "must be one of mixtral, olmoe, qwen2_moe, qwen3_moe, granitemoe, gpt_oss,"
                      + " deepseek_v2 or deepseek_v3");
        };
    return family.apply(new DecoderKeys(config));
  }

  /// The same with rotary frequencies of another type: BF16 for a reference that was cast to
  /// bfloat16 with them, as `model.to(torch.bfloat16)` does.
  public TrunkConfig withRotary(DType type) {
    return new TrunkConfig(
        hidden,
        vocabulary,
        maxPositions,
        epsilon,
        tiedHead,
        multipliers,
        rotary.withType(type),
        attention,
        layers);
  }

  TrunkConfig withMultipliers(Multipliers other) {
    return new TrunkConfig(
        hidden, vocabulary, maxPositions, epsilon, tiedHead, other, rotary, attention, layers);
  }

  /// Layers whose feed-forward block is an MoE block.
  public int moeLayers() {
    return (int) layers.stream().filter(layer -> layer.block() instanceof Block.Sparse).count();
  }

  /// What a position keeps in memory.
  KvLayout kept() {
    return attention.kept(layers.size());
  }
}
