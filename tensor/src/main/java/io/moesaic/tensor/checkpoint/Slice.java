package io.moesaic.tensor.checkpoint;

import io.moesaic.tensor.Shape;
import java.util.Objects;
import java.util.stream.IntStream;
import java.util.stream.LongStream;

/// A whole tensor, or one entry of a tensor that stacks several alike along its first dimension: an
/// expert's part of a tensor that holds those of all experts.
///
/// @param count entries of the stack; 0 for a tensor that is no stack
public record Slice(int index, int count) {
  public static final Slice WHOLE = new Slice(0, 0);

  public Slice {
    Objects.checkIndex(index, Math.max(count, 1));
  }

  /// The shape of the tensor whose entries have this shape.
  public Shape stacked(Shape entry) {
    if (count == 0) {
      return entry;
    }
    var inner = IntStream.range(0, entry.rank()).mapToLong(entry::dim);
    return Shape.of(LongStream.concat(LongStream.of(count), inner).toArray());
  }

  /// The bytes of an entry.
  long bytes(TensorInfo tensor) {
    return count == 0 ? tensor.bytes() : tensor.bytes() / count;
  }
}
