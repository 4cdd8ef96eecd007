package io.moesaic.router.trunk;

import io.moesaic.router.trunk.AttentionConfig.Grouped;
import io.moesaic.router.trunk.WeightLoader.Part;
import io.moesaic.tensor.Shape;
import io.moesaic.tensor.Tensor;
import io.moesaic.tensor.checkpoint.Checkpoint;
import io.moesaic.tensor.ffn.ExpertWeights;
import io.moesaic.tensor.ffn.FeedForward;
import io.moesaic.tensor.ffn.Linear;
import io.moesaic.tensor.ffn.PackedExpert;
import io.moesaic.tensor.kernel.PackedMatrix;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.Optional;
import java.util.regex.Pattern;
import java.util.stream.IntStream;

/// The weights of an encoder and a decoder, packed, by the names that T5 gives them. `H` is the
/// width of an activation.
///
/// @param head `[vocabulary, H]`
record EncoderDecoderWeights(Stack encoder, Stack decoder, PackedMatrix head) {
  /// The embeddings of both halves, unless each has its own.
  private static final String SHARED = "shared.weight";

  private static final float[] NONE = {};
  private static final Pattern OF_A_STACK =
      Pattern.compile(
          "(encoder|decoder)\\.(final_layer_norm\\.weight"
              + "|block\\.0\\.layer\\.0\\.SelfAttention\\.relative_attention_bias\\.weight"
              + "|block\\.\\d{1,9}\\.layer\\.\\d\\."
              + "(layer_norm|(SelfAttention|EncDecAttention)\\.[qkvo]|mlp\\.w[io])\\.weight)");

  /// The layers of one half.
  ///
  /// @param embeddings `[vocabulary, H]`, mapped: a step reads a few rows
  /// @param bias of the distances between its own positions
  /// @param finalNorm `H` floats
  record Stack(Tensor embeddings, RelativeBias bias, List<Layer> layers, float[] finalNorm) {
    private long bytes() {
      return layers.stream().mapToLong(Layer::bytes).sum();
    }
  }

  /// @param attentionNorm `H` floats
  /// @param cross of a layer of the decoder
  /// @param blockNorm `H` floats
  /// @param dense the feed-forward block of a layer without experts
  record Layer(
      float[] attentionNorm,
      GroupedWeights attention,
      Optional<CrossWeights> cross,
      float[] blockNorm,
      Optional<PackedExpert> dense) {
    private long bytes() {
      return attention.bytes()
          + cross.map(CrossWeights::bytes).orElse(0L)
          + dense.map(PackedExpert::bytes).orElse(0L);
    }
  }

  static EncoderDecoderWeights load(EncoderDecoderConfig config, WeightLoader loader) {
    var stacks = new StackLoader(config, loader);
    var shape = Shape.of(config.vocabulary(), config.hidden());
    var own = embeddings("encoder.", config, loader.checkpoint());
    var other = embeddings("decoder.", config, loader.checkpoint());
    var prompts = loader.map(own, shape, loader.arena());
    var texts = own.equals(other) ? prompts : loader.map(other, shape, loader.arena());
    var encoder = stacks.load("encoder.", prompts, config.encoder(), false);
    var decoder = stacks.load("decoder.", texts, config.decoder(), true);
    var head =
        config.tiedHead()
            ? PackedMatrix.pack(loader.arena(), texts)
            : loader.pack(config.hidden(), new Part("lm_head", config.vocabulary(), false));
    return new EncoderDecoderWeights(encoder, decoder, head);
  }

  /// Where a checkpoint has the embeddings of a half. With the head each half was given weights of
  /// its own; checkpoints of older versions have the shared ones nevertheless.
  private static String embeddings(String prefix, EncoderDecoderConfig config, Checkpoint stored) {
    var own = prefix + "embed_tokens.weight";
    return !config.tiedHead() && stored.names().contains(own) ? own : SHARED;
  }

  private record StackLoader(EncoderDecoderConfig config, WeightLoader loader) {
    Stack load(String prefix, Tensor embeddings, List<Block> blocks, boolean decoder) {
      int buckets = config.buckets();
      var positions = new RelativePositions(buckets, config.maxDistance(), !decoder);
      var bias = prefix + "block.0.layer.0.SelfAttention.relative_attention_bias.weight";
      return new Stack(
          embeddings,
          RelativeBias.load(positions, config.attention().heads(), bias, loader),
          IntStream.range(0, blocks.size())
              .mapToObj(l -> layer(prefix + "block." + l + ".layer.", blocks.get(l), decoder))
              .toList(),
          norm(prefix + "final_layer_norm"));
    }

    private Layer layer(String prefix, Block block, boolean decoder) {
      var last = prefix + (decoder ? "2." : "1.");
      return new Layer(
          norm(prefix + "0.layer_norm"),
          attention(prefix + "0.SelfAttention."),
          decoder ? Optional.of(cross(prefix + "1.")) : Optional.empty(),
          norm(last + "layer_norm"),
          switch (block) {
            case Block.Sparse _ -> Optional.empty();
            case Block.Dense(var feedForward) -> Optional.of(dense(feedForward, last + "mlp."));
          });
    }

    private float[] norm(String name) {
      return loader.vector(name + ".weight", config.hidden());
    }

    private GroupedWeights attention(String prefix) {
      Grouped grouped = config.attention();
      var qkv = inward(prefix + "q", prefix + "k", prefix + "v");
      return new GroupedWeights(grouped, qkv, NONE, NONE, NONE, outward(prefix + "o"));
    }

    private CrossWeights cross(String prefix) {
      var attention = prefix + "EncDecAttention.";
      return new CrossWeights(
          norm(prefix + "layer_norm"),
          inward(attention + "q"),
          inward(attention + "k", attention + "v"),
          outward(attention + "o"));
    }

    private PackedMatrix inward(String... names) {
      int width = config.attention().queries();
      var parts = new Part[names.length];
      for (int i = 0; i < names.length; i++) {
        parts[i] = new Part(names[i], width, false);
      }
      return loader.pack(config.hidden(), parts);
    }

    private PackedMatrix outward(String name) {
      return loader.pack(config.attention().queries(), new Part(name, config.hidden(), false));
    }

    private PackedExpert dense(FeedForward block, String prefix) {
      int hidden = block.hidden();
      int inner = block.intermediate();
      try (var mapping = Arena.ofShared()) {
        return PackedExpert.pack(
            loader.arena(),
            ExpertWeights.relu(
                Linear.of(loader.weight(prefix + "wi.weight", inner, hidden, mapping)),
                Linear.of(loader.weight(prefix + "wo.weight", hidden, inner, mapping))));
      }
    }
  }

  static boolean isOfTrunk(EncoderDecoderConfig config, Checkpoint stored, String name) {
    return switch (name) {
      case "lm_head.weight" -> !config.tiedHead();
      default ->
          name.equals(embeddings("encoder.", config, stored))
              || name.equals(embeddings("decoder.", config, stored))
              || OF_A_STACK.matcher(name).matches();
    };
  }

  /// Bytes in memory, mapped embeddings included.
  long bytes() {
    var prompts = encoder.embeddings();
    var texts = decoder.embeddings();
    return prompts.data().byteSize()
        + (texts.equals(prompts) ? 0 : texts.data().byteSize())
        + head.bytes()
        + encoder.bytes()
        + decoder.bytes();
  }
}
