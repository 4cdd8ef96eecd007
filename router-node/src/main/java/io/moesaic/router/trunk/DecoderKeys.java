package io.moesaic.router.trunk;

import io.moesaic.router.trunk.AttentionConfig.Biases;
import io.moesaic.router.trunk.DecoderConfig.Layer;
import io.moesaic.router.trunk.DecoderConfig.Multipliers;
import io.moesaic.tensor.checkpoint.ModelConfig;
import io.moesaic.tensor.ffn.ExpertBank;
import io.moesaic.tensor.ffn.FeedForward;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.IntPredicate;

/// The keys of `config.json` that all families spell alike. Each family adds its own.
final class DecoderKeys {
  private static final int MAX_POSITIONS = 1 << 24;

  private final ModelConfig config;
  private final int hidden;
  private final int heads;
  private final int layers;
  private final ExpertBank experts;

  DecoderKeys(ModelConfig config) {
    this.config = config;
    experts = ExpertBank.of(config);
    hidden = config.integer("hidden_size", 1, 1 << 16);
    heads = config.integer("num_attention_heads", 1, 1 << 12);
    layers = config.integer("num_hidden_layers", 1, 1 << 10);
  }

  ModelConfig config() {
    return config;
  }

  int heads() {
    return heads;
  }

  DecoderConfig trunk(AttentionConfig attention, List<Layer> layers) {
    return new DecoderConfig(
        hidden,
        config.integer("vocab_size", 1, 1 << 22),
        config.integer("max_position_embeddings", 1, MAX_POSITIONS),
        config.positive("rms_norm_eps"),
        config.flagOr("tie_word_embeddings", false),
        Multipliers.NONE,
        Rotary.of(config, attention.rotated()),
        attention,
        layers);
  }

  /// Refuses true; an absent key passes.
  void requireNot(String key) {
    if (config.flagOr(key, false)) {
      throw config.invalid(key, "must be false");
    }
  }

  /// Plain attention in groups.
  AttentionConfig.Grouped grouped() {
    int kvHeads = config.integerOr("num_key_value_heads", heads, 1, heads);
    if (heads % kvHeads != 0) {
      throw config.invalid("num_key_value_heads", "must divide the " + heads + " attention heads");
    }
    int headDim = config.integerOr("head_dim", hidden / heads, 2, 1 << 12);
    if (headDim % 2 != 0 || (!config.has("head_dim") && hidden % heads != 0)) {
      throw config.invalid("head_dim", "heads must have an even width; hidden_size is " + hidden);
    }
    return AttentionConfig.Grouped.plain(heads, kvHeads, headDim);
  }

  /// The key `attention_bias`, which means all four projections.
  Biases attentionBias(boolean otherwise) {
    return config.flagOr("attention_bias", otherwise) ? Biases.ALL : Biases.NONE;
  }

  /// The key `sliding_window`.
  Window slidingWindow() {
    return new Window(config.integer("sliding_window", 1, MAX_POSITIONS));
  }

  /// Layers that see everything.
  List<Layer> layers() {
    return layers(_ -> Window.ALL);
  }

  /// Layers without experts have a feed-forward block that is `intermediate_size` wide.
  ///
  /// @param windows the window of each layer
  List<Layer> layers(IntFunction<Window> windows) {
    List<Layer> all = new ArrayList<>();
    for (int layer = 0; layer < layers; layer++) {
      var block = Block.of(experts, "model.layers." + layer + ".", this::dense);
      all.add(new Layer(windows.apply(layer), block));
    }
    return all;
  }

  private FeedForward dense() {
    return new FeedForward.SwiGlu(hidden, config.integer("intermediate_size", 1, 1 << 20));
  }

  /// The layers that `layer_types` calls `sliding_attention`, or those that the family says.
  IntFunction<Window> windows(IntPredicate otherwise) {
    var types = config.texts("layer_types");
    if (types.isEmpty()) {
      return layer -> otherwise.test(layer) ? slidingWindow() : Window.ALL;
    }
    if (types.size() != layers) {
      throw config.invalid("layer_types", "must have " + layers + " items, one for each layer");
    }
    return layer ->
        switch (types.get(layer)) {
          case "full_attention" -> Window.ALL;
          case "sliding_attention" -> slidingWindow();
          default ->
              throw config.invalid(
                  "layer_types", "must hold \"full_attention\" and \"sliding_attention\" only");
        };
  }
}
