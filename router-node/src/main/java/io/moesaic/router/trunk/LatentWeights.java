package io.moesaic.router.trunk;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import io.moesaic.router.trunk.AttentionConfig.Latent;
import io.moesaic.router.trunk.WeightLoader.Part;
import io.moesaic.tensor.DType;
import io.moesaic.tensor.Shape;
import io.moesaic.tensor.Tensor;
import io.moesaic.tensor.Weight;
import io.moesaic.tensor.kernel.PackedMatrix;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/// The weights of a layer's [LatentAttention]. `H` is the width of an activation, `L` of the
/// latent, `Q` of a head's query.
///
/// @param config the dimensions
/// @param down `[queryRank + L + rotated, H]`, or `[heads Q + L + rotated, H]` when queries are not
///     compressed: queries, latent and the key that is turned, in one product
/// @param queries how compressed queries are restored
/// @param latentNorm `L` floats
/// @param toLatent of each head, `[L, plain]`: takes the plain part of a query to the latent, where
///     its product with latents is that with the keys which they stand for
/// @param fromLatent of each head, `[value, L]`: makes the weighted sum of values from that of
///     latents
/// @param output `[H, heads value]`
record LatentWeights(
    Latent config,
    PackedMatrix down,
    Optional<Queries> queries,
    float[] latentNorm,
    List<PackedMatrix> toLatent,
    List<PackedMatrix> fromLatent,
    PackedMatrix output)
    implements DecoderWeights.Attention {
  /// @param norm `queryRank` floats
  /// @param up `[heads Q, queryRank]`
  record Queries(float[] norm, PackedMatrix up) {}

  static LatentWeights load(Latent config, int hidden, String prefix, WeightLoader loader) {
    int rank = config.queryRank();
    int allQueries = config.heads() * config.query();
    var queryOrder = headOrder(config, config.heads(), config.plain());
    var latent =
        new Part(
            prefix + "kv_a_proj_with_mqa",
            config.key(),
            config.bias(),
            headOrder(config, 1, config.latent()));
    PackedMatrix down;
    Optional<Queries> queries;
    if (rank == 0) {
      var whole = new Part(prefix + "q_proj", allQueries, false, queryOrder);
      down = loader.pack(hidden, whole, latent);
      queries = Optional.empty();
    } else {
      var compressed = new Part(prefix + "q_a_proj", rank, config.bias());
      down = loader.pack(hidden, compressed, latent);
      var up = new Part(prefix + "q_b_proj", allQueries, false, queryOrder);
      queries =
          Optional.of(
              new Queries(
                  loader.vector(prefix + "q_a_layernorm.weight", rank), loader.pack(rank, up)));
    }
    List<PackedMatrix> toLatent = new ArrayList<>();
    List<PackedMatrix> fromLatent = new ArrayList<>();
    loadUp(config, prefix, loader, toLatent, fromLatent);
    return new LatentWeights(
        config,
        down,
        queries,
        loader.vector(prefix + "kv_a_layernorm.weight", config.latent()),
        List.copyOf(toLatent),
        List.copyOf(fromLatent),
        loader.pack(
            config.heads() * config.value(), new Part(prefix + "o_proj", hidden, config.bias())));
  }

  /// The outputs of some heads with `plain` elements each, and behind them those that are turned:
  /// pairs that the checkpoint has side by side come to be half a width apart, as [Rotary] turns
  /// them. Queries and keys are ordered alike, so their products do not change.
  private static int[] headOrder(Latent config, int heads, int plain) {
    int half = config.rotated() / 2;
    int width = plain + config.rotated();
    var order = new int[heads * width];
    for (int i = 0; i < order.length; i++) {
      int turned = i % width - plain;
      boolean moves = config.interleaved() && turned >= 0;
      int from = turned < half ? 2 * turned : 2 * (turned - half) + 1;
      order[i] = moves ? i - turned + from : i;
    }
    return order;
  }

  /// Cuts the matrix that makes each head's keys and values from the latent.
  private static void loadUp(
      Latent config,
      String prefix,
      WeightLoader loader,
      List<PackedMatrix> toLatent,
      List<PackedMatrix> fromLatent) {
    int perHead = config.plain() + config.value();
    try (var mapping = Arena.ofShared()) {
      var up =
          loader.weight(
              prefix + "kv_b_proj.weight", config.heads() * perHead, config.latent(), mapping);
      for (int head = 0; head < config.heads(); head++) {
        var keys = up.rows(head * perHead, 1, config.plain());
        var values = up.rows(head * perHead + config.plain(), 1, config.value());
        toLatent.add(PackedMatrix.pack(loader.arena(), transposed(keys, mapping)));
        fromLatent.add(PackedMatrix.pack(loader.arena(), values));
      }
    }
  }

  /// A copy, in float32: however a weight is stored, it is one.
  private static Weight transposed(Weight matrix, Arena arena) {
    var data = arena.allocate(JAVA_FLOAT, (long) matrix.outputs() * matrix.inputs());
    long at = 0;
    for (int input = 0; input < matrix.inputs(); input++) {
      for (int output = 0; output < matrix.outputs(); output++) {
        data.setAtIndex(JAVA_FLOAT, at++, matrix.get(output, input));
      }
    }
    var shape = Shape.of(matrix.inputs(), matrix.outputs());
    return Weight.of(new Tensor(matrix.name(), DType.F32, shape, data));
  }

  @Override
  public long bytes() {
    long bytes = down.bytes() + output.bytes();
    bytes += queries.map(q -> q.up.bytes()).orElse(0L);
    for (int head = 0; head < config.heads(); head++) {
      bytes += toLatent.get(head).bytes() + fromLatent.get(head).bytes();
    }
    return bytes;
  }
}
