package io.moesaic.tensor.ffn;

import io.moesaic.tensor.Shape;
import io.moesaic.tensor.checkpoint.Checkpoint;
import io.moesaic.tensor.checkpoint.Slice;
import io.moesaic.tensor.checkpoint.StoredMatrix;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.function.BiConsumer;
import java.util.stream.Stream;

/// How a model family keeps the weights of an expert in the tensors of its block.
sealed interface ExpertLayout {
  /// A tensor for each matrix of each expert: `experts.7.up_proj.weight`.
  ///
  /// @param expert what the names of an expert's tensors begin with; `{e}` is its number
  /// @param inward names of the products inward, in the order of [ExpertWeights#inward]
  record Separate(String expert, List<String> inward, String down) implements ExpertLayout {
    private StoredProduct product(Place place, String name, int outputs, int inputs) {
      var number = Integer.toString(place.expert);
      var base = place.prefix + expert.replace("{e}", number) + name;
      return new StoredProduct(
          new StoredMatrix(base + ".weight", outputs, inputs),
          place.block.biased() ? base + ".bias" : null);
    }
  }

  /// Two tensors for all experts of a block, each a stack of matrices; gate and up are one matrix.
  ///
  /// @param gateUp name of the tensor `[experts, 2 · intermediate, hidden]`
  /// @param down name of the tensor `[experts, hidden, intermediate]`
  /// @param transposed whether the last two dimensions of both are the other way round
  /// @param interleaved whether rows of gate and up take turns; otherwise gate comes first
  record Stacked(String gateUp, String down, boolean transposed, boolean interleaved)
      implements ExpertLayout {
    private StoredProduct product(Place place, String name, int outputs, int inputs) {
      var slice = new Slice(place.expert, place.experts);
      return new StoredProduct(
          new StoredMatrix(place.prefix + name, slice, transposed, outputs, inputs),
          place.block.biased() ? place.prefix + name + "_bias" : null);
    }
  }

  /// Bytes of an expert in the checkpoint. Checks names, shapes and types without touching a
  /// weight.
  default long bytes(Checkpoint checkpoint, Place place) {
    return stored(place).mapToLong(product -> product.bytes(checkpoint)).sum();
  }

  /// The tensors that hold an expert when none is quantized.
  default void describe(Place place, BiConsumer<String, Shape> tensors) {
    stored(place).forEach(product -> product.describe(tensors));
  }

  /// Maps the byte ranges of an expert, and no others.
  default ExpertWeights map(Checkpoint checkpoint, Place place, Arena arena) {
    var products = stored(place).map(product -> product.map(checkpoint, arena)).toList();
    return new ExpertWeights(place.block, inward(products, place), products.getLast());
  }

  /// An expert of a block.
  ///
  /// @param prefix what the names of the block's tensors begin with
  /// @param experts how many the block has
  record Place(String prefix, int expert, int experts, FeedForward block) {}

  /// All products, the one outward last.
  private Stream<StoredProduct> stored(Place place) {
    int hidden = place.block.hidden();
    int inner = place.block.intermediate();
    return switch (this) {
      case Separate layout ->
          Stream.concat(
              layout.inward.stream().map(name -> layout.product(place, name, inner, hidden)),
              Stream.of(layout.product(place, layout.down, hidden, inner)));
      case Stacked layout ->
          Stream.of(
              layout.product(place, layout.gateUp, 2 * inner, hidden),
              layout.product(place, layout.down, hidden, inner));
    };
  }

  private List<Linear> inward(List<Linear> products, Place place) {
    int inner = place.block.intermediate();
    return switch (this) {
      case Separate _ -> products.subList(0, products.size() - 1);
      case Stacked(_, _, _, var interleaved) -> {
        var gateUp = products.getFirst();
        int step = interleaved ? 2 : 1;
        yield List.of(
            gateUp.rows(0, step, inner), gateUp.rows(interleaved ? 1 : inner, step, inner));
      }
    };
  }
}
