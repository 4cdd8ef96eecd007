package io.moesaic.router.trunk;

import io.moesaic.tensor.DType;
import io.moesaic.tensor.checkpoint.ModelConfig;

/// The dimensions of a Mixtral trunk.
///
/// @param layers decoder layers, each with attention and an MoE block
/// @param hidden width of an activation
/// @param heads query heads; each group of `heads / kvHeads` shares one key-value head
/// @param kvHeads key-value heads
/// @param headDim width of a head, even
/// @param vocabulary number of token ids
/// @param maxPositions longest sequence
/// @param slidingWindow how many positions, its own included, a token attends to; 0 for all
/// @param ropeTheta base of the rotary frequencies
/// @param rotary type of the rotary frequencies: F32, or BF16 for a reference that was cast to
///     bfloat16 with them, as `model.to(torch.bfloat16)` does
/// @param epsilon of the norms
/// @param tiedHead whether the head shares the embeddings' weights
/// @param experts experts of each layer
/// @param expertsPerToken experts that each token goes to
public record TrunkConfig(
    int layers,
    int hidden,
    int heads,
    int kvHeads,
    int headDim,
    int vocabulary,
    int maxPositions,
    int slidingWindow,
    float ropeTheta,
    DType rotary,
    float epsilon,
    boolean tiedHead,
    int experts,
    int expertsPerToken) {
  /// Reads the Mixtral keys of `config.json`, in the spelling of transformers 4 (`rope_theta`) or 5
  /// (`rope_parameters`).
  ///
  /// @throws io.moesaic.tensor.checkpoint.CheckpointException naming the key that is missing or out
  ///     of bounds
  public static TrunkConfig of(ModelConfig config) {
    int hidden = config.integer("hidden_size", 1, 1 << 16);
    int heads = config.integer("num_attention_heads", 1, 1 << 12);
    int kvHeads = config.integerOr("num_key_value_heads", heads, 1, heads);
    if (heads % kvHeads != 0) {
      throw config.invalid("num_key_value_heads", "must divide the " + heads + " attention heads");
    }
    int headDim = config.integerOr("head_dim", hidden / heads, 2, 1 << 12);
    if (headDim % 2 != 0 || (!config.has("head_dim") && hidden % heads != 0)) {
      throw config.invalid("head_dim", "heads must have an even width; hidden_size is " + hidden);
    }
    int experts = config.integer("num_local_experts", 1, 1 << 12);
    return new TrunkConfig(
        config.integer("num_hidden_layers", 1, 1 << 10),
        hidden,
        heads,
        kvHeads,
        headDim,
        config.integer("vocab_size", 1, 1 << 22),
        config.integer("max_position_embeddings", 1, 1 << 24),
        config.integerOr("sliding_window", 0, 1, 1 << 24),
        ropeTheta(config),
        DType.F32,
        config.positive("rms_norm_eps"),
        config.flagOr("tie_word_embeddings", false),
        experts,
        config.integer("num_experts_per_tok", 1, experts));
  }

  private static float ropeTheta(ModelConfig config) {
    var scaling = config.section("rope_scaling");
    var rope = config.section("rope_parameters").or(() -> scaling);
    if (rope.isPresent()) {
      var type = rope.get().text("rope_type").or(() -> rope.get().text("type"));
      if (!type.orElse("default").equals("default")) {
        throw rope.get().invalid("rope_type", "must be \"default\" for this model type");
      }
      if (rope.get().has("rope_theta")) {
        return rope.get().positive("rope_theta");
      }
    }
    return config.positive("rope_theta");
  }

  /// The same with rotary frequencies of another type.
  public TrunkConfig withRotary(DType type) {
    return new TrunkConfig(
        layers,
        hidden,
        heads,
        kvHeads,
        headDim,
        vocabulary,
        maxPositions,
        slidingWindow,
        ropeTheta,
        type,
        epsilon,
        tiedHead,
        experts,
        expertsPerToken);
  }

  /// Query heads that share a key-value head.
  public int group() {
    return heads / kvHeads;
  }

  /// The first position that a token at `position` attends to.
  int attendsFrom(int position) {
    return slidingWindow == 0 ? 0 : Math.max(0, position + 1 - slidingWindow);
  }
}
