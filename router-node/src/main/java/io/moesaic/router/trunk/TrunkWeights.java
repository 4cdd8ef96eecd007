package io.moesaic.router.trunk;

import io.moesaic.tensor.Shape;
import io.moesaic.tensor.Tensor;
import io.moesaic.tensor.checkpoint.Checkpoint;
import io.moesaic.tensor.kernel.PackedMatrix;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongConsumer;

/// The weights of a trunk, packed. `H` is the width of an activation, `D` of a head.
///
/// @param embeddings `[vocabulary, H]`, mapped: a step reads a few rows
/// @param layers in order
/// @param finalNorm `H` floats
/// @param head `[vocabulary, H]`
public record TrunkWeights(
    Tensor embeddings, List<Layer> layers, float[] finalNorm, PackedMatrix head) {
  /// @param attentionNorm `H` floats
  /// @param qkv `[(heads + 2 kvHeads) D, H]`: queries, keys and values in one product
  /// @param output `[H, heads D]`
  /// @param moeNorm `H` floats
  /// @param gate `[experts, H]`
  public record Layer(
      float[] attentionNorm,
      PackedMatrix qkv,
      PackedMatrix output,
      float[] moeNorm,
      PackedMatrix gate) {}

  /// Loads the tensors of the trunk, and none of the experts'.
  ///
  /// @param arena owns what is packed and mapped
  /// @param progress told how many bytes of the checkpoint have been read so far
  /// @throws io.moesaic.tensor.checkpoint.CheckpointException when a tensor is missing or of
  ///     another shape or type than the model needs
  public static TrunkWeights load(
      TrunkConfig config, Checkpoint checkpoint, Arena arena, LongConsumer progress) {
    var loader = new Loader(config, checkpoint, arena, progress);
    var embeddings = loader.map("model.embed_tokens.weight", config.vocabulary(), config.hidden());
    List<Layer> layers = new ArrayList<>();
    for (int layer = 0; layer < config.layers(); layer++) {
      layers.add(loader.layer("model.layers." + layer + "."));
    }
    var norm = loader.norm("model.norm.weight");
    var head =
        config.tiedHead()
            ? PackedMatrix.pack(arena, embeddings)
            : loader.pack("lm_head.weight", config.vocabulary(), config.hidden());
    return new TrunkWeights(embeddings, List.copyOf(layers), norm, head);
  }

  /// Bytes of the checkpoint that [#load] reads, from the headers alone.
  public static long storedBytes(TrunkConfig config, Checkpoint checkpoint) {
    return checkpoint.names().stream()
        .filter(name -> !name.contains(".experts."))
        .filter(name -> !(config.tiedHead() && name.equals("lm_head.weight")))
        .mapToLong(name -> checkpoint.info(name).bytes())
        .sum();
  }

  /// Bytes in memory, mapped embeddings included.
  public long bytes() {
    long bytes = embeddings.data().byteSize() + head.bytes();
    for (var layer : layers) {
      bytes += layer.qkv.bytes() + layer.output.bytes() + layer.gate.bytes();
    }
    return bytes;
  }

  private record Loader(
      TrunkConfig config, Checkpoint checkpoint, Arena arena, LongConsumer progress) {
    Layer layer(String prefix) {
      int hidden = config.hidden();
      int queries = config.heads() * config.headDim();
      int keys = config.kvHeads() * config.headDim();
      var attention = prefix + "self_attn.";
      try (var mapping = Arena.ofShared()) {
        var qkv =
            PackedMatrix.pack(
                arena,
                List.of(
                    map(attention + "q_proj.weight", queries, hidden, mapping),
                    map(attention + "k_proj.weight", keys, hidden, mapping),
                    map(attention + "v_proj.weight", keys, hidden, mapping)));
        return new Layer(
            norm(prefix + "input_layernorm.weight"),
            qkv,
            pack(attention + "o_proj.weight", hidden, queries),
            norm(prefix + "post_attention_layernorm.weight"),
            pack(prefix + "block_sparse_moe.gate.weight", config.experts(), hidden));
      }
    }

    PackedMatrix pack(String name, int outputs, int inputs) {
      // Mapped for as long as it takes to pack: the pages can go once they are copied.
      try (var mapping = Arena.ofShared()) {
        return PackedMatrix.pack(arena, map(name, outputs, inputs, mapping));
      }
    }

    Tensor map(String name, int rows, int cols) {
      return map(name, rows, cols, arena);
    }

    private Tensor map(String name, int rows, int cols, Arena mapping) {
      var tensor = checkpoint.map(name, Shape.of(rows, cols), mapping);
      progress.accept(checkpoint.bytesMapped());
      return tensor;
    }

    float[] norm(String name) {
      try (var mapping = Arena.ofShared()) {
        var tensor = checkpoint.map(name, Shape.of(config.hidden()), mapping);
        var values = new float[config.hidden()];
        for (int i = 0; i < values.length; i++) {
          values[i] = tensor.getFloat(i);
        }
        return values;
      }
    }
  }
}
