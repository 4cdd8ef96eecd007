package io.moesaic.tensor.ffn;

import io.moesaic.tensor.Shape;
import io.moesaic.tensor.checkpoint.Checkpoint;
import io.moesaic.tensor.checkpoint.StoredMatrix;
import java.lang.foreign.Arena;
import java.util.function.BiConsumer;
import org.jspecify.annotations.Nullable;

/// Where a checkpoint keeps a [Linear].
///
/// @param bias name of the bias's tensor, which is sliced as the matrix is; null when there is none
record StoredProduct(StoredMatrix matrix, @Nullable String bias) {
  /// Its tensors when it is not quantized.
  void describe(BiConsumer<String, Shape> tensors) {
    tensors.accept(matrix.name(), matrix.plainShape());
    if (bias != null) {
      tensors.accept(bias, matrix.slice().stacked(Shape.of(matrix.outputs())));
    }
  }

  long bytes(Checkpoint checkpoint) {
    long bytes = matrix.bytes(checkpoint);
    return bias == null
        ? bytes
        : bytes + checkpoint.require(bias, matrix.slice(), Shape.of(matrix.outputs()));
  }

  Linear map(Checkpoint checkpoint, Arena arena) {
    var weight = matrix.map(checkpoint, arena);
    if (bias == null) {
      return Linear.of(weight);
    }
    var tensor = checkpoint.map(bias, matrix.slice(), Shape.of(matrix.outputs()), arena);
    var values = new float[matrix.outputs()];
    for (int i = 0; i < values.length; i++) {
      values[i] = tensor.getFloat(i);
    }
    return new Linear(weight, values);
  }
}
