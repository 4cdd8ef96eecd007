package io.moesaic.router.trunk;

import io.moesaic.tensor.Shape;
import io.moesaic.tensor.Tensor;
import io.moesaic.tensor.Weight;
import io.moesaic.tensor.checkpoint.Checkpoint;
import io.moesaic.tensor.checkpoint.StoredMatrix;
import io.moesaic.tensor.kernel.PackedMatrix;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongConsumer;

/// Maps tensors of a checkpoint and packs them.
///
/// @param arena owns what is packed
/// @param progress told how many bytes of the checkpoint have been read so far
record WeightLoader(Checkpoint checkpoint, Arena arena, LongConsumer progress) {
  /// A projection of the checkpoint, whose tensors are `name.weight` and perhaps `name.bias`.
  ///
  /// @param order which of its outputs comes first, second, and so on; empty for all as they are
  record Part(String name, int outputs, boolean biased, int[] order) {
    Part(String name, int outputs, boolean biased) {
      this(name, outputs, biased, new int[0]);
    }
  }

  /// Packs projections of the same input below each other, as if they were one.
  ///
  /// @throws io.moesaic.tensor.checkpoint.CheckpointException when a tensor is missing, or of
  ///     another shape or type
  PackedMatrix pack(int inputs, Part... parts) {
    List<Weight> weights = new ArrayList<>();
    // Mapped for as long as it takes to pack: the pages can go once they are copied.
    try (var mapping = Arena.ofShared()) {
      for (var part : parts) {
        var weight = weight(part.name + ".weight", part.outputs, inputs, mapping);
        if (part.order.length == 0) {
          weights.add(weight);
        }
        for (int row : part.order) {
          weights.add(weight.rows(row, 1, 1));
        }
      }
      return PackedMatrix.pack(arena, weights.toArray(Weight[]::new)).withBias(bias(parts));
    }
  }

  /// Zeros for a part that has none, unless none has.
  private float[] bias(Part... parts) {
    int outputs = 0;
    boolean any = false;
    for (var part : parts) {
      outputs += part.outputs;
      any |= part.biased;
    }
    var bias = new float[any ? outputs : 0];
    int at = 0;
    for (var part : parts) {
      if (part.biased) {
        var values = vector(part.name + ".bias", part.outputs);
        for (int i = 0; i < part.outputs; i++) {
          bias[at + i] = values[part.order.length == 0 ? i : part.order[i]];
        }
      }
      at += part.outputs;
    }
    return bias;
  }

  Weight weight(String name, int outputs, int inputs, Arena mapping) {
    var weight = new StoredMatrix(name, outputs, inputs).map(checkpoint, mapping);
    progress.accept(checkpoint.bytesMapped());
    return weight;
  }

  /// A vector, widened.
  float[] vector(String name, int length) {
    try (var mapping = Arena.ofShared()) {
      var tensor = map(name, Shape.of(length), mapping);
      var values = new float[length];
      for (int i = 0; i < length; i++) {
        values[i] = tensor.getFloat(i);
      }
      return values;
    }
  }

  /// A tensor as it is.
  Tensor map(String name, Shape shape, Arena mapping) {
    var tensor = checkpoint.map(name, shape, mapping);
    progress.accept(checkpoint.bytesMapped());
    return tensor;
  }
}
