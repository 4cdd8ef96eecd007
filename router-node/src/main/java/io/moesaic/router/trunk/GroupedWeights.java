package io.moesaic.router.trunk;

import io.moesaic.router.trunk.AttentionConfig.Biases;
import io.moesaic.router.trunk.AttentionConfig.Grouped;
import io.moesaic.router.trunk.WeightLoader.Part;
import io.moesaic.tensor.kernel.PackedMatrix;

/// The weights of a layer's [GroupedAttention]. `H` is the width of an activation, `D` of a head.
///
/// @param config the dimensions
/// @param qkv `[(heads + 2 kvHeads) D, H]`: queries, keys and values in one product
/// @param queryNorm as many floats as are normed together, or none
/// @param keyNorm likewise
/// @param sinks a logit for each query head, or none
/// @param output `[H, heads D]`
record GroupedWeights(
    Grouped config,
    PackedMatrix qkv,
    float[] queryNorm,
    float[] keyNorm,
    float[] sinks,
    PackedMatrix output)
    implements DecoderWeights.Attention {
  private static final float[] NONE = {};

  static GroupedWeights load(Grouped config, int hidden, String prefix, WeightLoader loader) {
    int queries = config.queries();
    int keys = config.keys();
    boolean inputs = config.biases() != Biases.NONE;
    boolean output = config.biases() == Biases.ALL;
    return new GroupedWeights(
        config,
        loader.pack(
            hidden,
            new Part(prefix + "q_proj", queries, inputs),
            new Part(prefix + "k_proj", keys, inputs),
            new Part(prefix + "v_proj", keys, inputs)),
        norm(config, queries, prefix + "q_norm.weight", loader),
        norm(config, keys, prefix + "k_norm.weight", loader),
        config.sinks() ? loader.vector(prefix + "sinks", config.heads()) : NONE,
        loader.pack(queries, new Part(prefix + "o_proj", hidden, output)));
  }

  private static float[] norm(Grouped config, int whole, String name, WeightLoader loader) {
    return switch (config.norm()) {
      case NONE -> NONE;
      case EACH -> loader.vector(name, config.headDim());
      case WHOLE -> loader.vector(name, whole);
    };
  }

  @Override
  public long bytes() {
    return qkv.bytes() + output.bytes();
  }
}
