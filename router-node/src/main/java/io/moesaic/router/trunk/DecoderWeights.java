package io.moesaic.router.trunk;

import io.moesaic.router.trunk.WeightLoader.Part;
import io.moesaic.tensor.Shape;
import io.moesaic.tensor.Tensor;
import io.moesaic.tensor.ffn.ExpertWeights;
import io.moesaic.tensor.ffn.FeedForward;
import io.moesaic.tensor.ffn.PackedExpert;
import io.moesaic.tensor.kernel.PackedMatrix;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;

/// The weights of a decoder, packed. `H` is the width of an activation.
///
/// @param embeddings `[vocabulary, H]`, mapped: a step reads a few rows
/// @param layers in order
/// @param finalNorm `H` floats
/// @param head `[vocabulary, H]`
record DecoderWeights(Tensor embeddings, List<Layer> layers, float[] finalNorm, PackedMatrix head) {
  private static final Pattern OF_A_LAYER =
      Pattern.compile(
          "model\\.layers\\.(\\d{1,9})\\."
              + "(self_attn\\..+|\\w+_layernorm\\.weight|mlp\\.(gate|up|down)_proj\\..+)");

  /// @param attentionNorm `H` floats
  /// @param blockNorm `H` floats
  /// @param dense the feed-forward block of a layer without experts
  record Layer(
      float[] attentionNorm, Attention attention, float[] blockNorm, Optional<PackedExpert> dense) {
    private long bytes() {
      return attention.bytes() + dense.map(PackedExpert::bytes).orElse(0L);
    }
  }

  /// The weights of a layer's attention, of the kind that the model has.
  sealed interface Attention permits GroupedWeights, LatentWeights {
    /// Bytes in memory.
    long bytes();
  }

  static DecoderWeights load(DecoderConfig config, WeightLoader loader) {
    int hidden = config.hidden();
    var embeddings =
        loader.map(
            "model.embed_tokens.weight", Shape.of(config.vocabulary(), hidden), loader.arena());
    List<Layer> layers = new ArrayList<>();
    for (int layer = 0; layer < config.layers().size(); layer++) {
      layers.add(layer(config, layer, loader));
    }
    var norm = loader.vector("model.norm.weight", hidden);
    var head =
        config.tiedHead()
            ? PackedMatrix.pack(loader.arena(), embeddings)
            : loader.pack(hidden, new Part("lm_head", config.vocabulary(), false));
    return new DecoderWeights(embeddings, List.copyOf(layers), norm, head);
  }

  private static Layer layer(DecoderConfig config, int layer, WeightLoader loader) {
    var prefix = "model.layers." + layer + ".";
    int hidden = config.hidden();
    return new Layer(
        loader.vector(prefix + "input_layernorm.weight", hidden),
        switch (config.attention()) {
          case AttentionConfig.Grouped grouped ->
              GroupedWeights.load(grouped, hidden, prefix + "self_attn.", loader);
          case AttentionConfig.Latent latent ->
              LatentWeights.load(latent, hidden, prefix + "self_attn.", loader);
        },
        loader.vector(prefix + "post_attention_layernorm.weight", hidden),
        switch (config.layers().get(layer).block()) {
          case Block.Sparse _ -> Optional.empty();
          case Block.Dense(var block) -> Optional.of(dense(block, prefix + "mlp.", loader));
        });
  }

  private static PackedExpert dense(FeedForward block, String prefix, WeightLoader loader) {
    int hidden = block.hidden();
    int inner = block.intermediate();
    try (var mapping = Arena.ofShared()) {
      return PackedExpert.pack(
          loader.arena(),
          ExpertWeights.swiGlu(
              loader.weight(prefix + "gate_proj.weight", inner, hidden, mapping),
              loader.weight(prefix + "up_proj.weight", inner, hidden, mapping),
              loader.weight(prefix + "down_proj.weight", hidden, inner, mapping)));
    }
  }

  static boolean isOfTrunk(DecoderConfig config, String name) {
    return switch (name) {
      case "model.embed_tokens.weight", "model.norm.weight" -> true;
      case "lm_head.weight" -> !config.tiedHead();
      default -> {
        var match = OF_A_LAYER.matcher(name);
        // Past the last layer there may be some that predict further tokens.
        yield match.matches() && Integer.parseInt(match.group(1)) < config.layers().size();
      }
    };
  }

  /// Bytes in memory, mapped embeddings included.
  long bytes() {
    return embeddings.data().byteSize()
        + head.bytes()
        + layers.stream().mapToLong(Layer::bytes).sum();
  }
}
