package io.moesaic.tensor.checkpoint;

import io.moesaic.tensor.Shape;
import io.moesaic.tensor.Weight;
import java.lang.foreign.Arena;

/// Where a checkpoint keeps a weight matrix `[outputs, inputs]`.
///
/// @param name of its tensor
/// @param slice which entry, when the tensor holds the matrices of all experts
/// @param transposed whether it is stored as `[inputs, outputs]`
public record StoredMatrix(String name, Slice slice, boolean transposed, int outputs, int inputs) {
  /// A matrix with a tensor of its own.
  public StoredMatrix(String name, int outputs, int inputs) {
    this(name, Slice.WHOLE, false, outputs, inputs);
  }

  /// Bytes in the checkpoint. Checks name, shape and type without touching a weight.
  ///
  /// @throws CheckpointException when the checkpoint does not hold it like this
  public long bytes(Checkpoint checkpoint) {
    return checkpoint.require(name, slice, shape());
  }

  /// Maps the bytes of this matrix, and no others, for as long as the arena lives.
  ///
  /// @throws CheckpointException as [#bytes]
  public Weight map(Checkpoint checkpoint, Arena arena) {
    return new Weight.Plain(checkpoint.map(name, slice, shape(), arena), transposed);
  }

  private Shape shape() {
    return transposed ? Shape.of(inputs, outputs) : Shape.of(outputs, inputs);
  }
}
