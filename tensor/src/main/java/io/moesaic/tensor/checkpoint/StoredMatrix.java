package io.moesaic.tensor.checkpoint;

import static io.moesaic.tensor.Weight.Fp8.BLOCK;

import io.moesaic.tensor.DType;
import io.moesaic.tensor.Float4;
import io.moesaic.tensor.Shape;
import io.moesaic.tensor.Tensor;
import io.moesaic.tensor.Weight;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.Set;

/// Where a checkpoint keeps a weight matrix `[outputs, inputs]`, and in which of three ways:
///
/// ```
///   NAME                                a number for each weight: F32, BF16 or F16
///   NAME           NAME_scale_inv       FP8, a scale for each block of 128 x 128
///   NAME_blocks    NAME_scales          MXFP4, a scale for each 32 inputs
/// ```
///
/// @param name of its tensor, or what the names of its tensors begin with
/// @param slice which entry, when the tensors hold the matrices of all experts
/// @param transposed whether a matrix of plain numbers is stored as `[inputs, outputs]`
public record StoredMatrix(String name, Slice slice, boolean transposed, int outputs, int inputs) {
  private static final Set<DType> BYTES = Set.of(DType.U8);

  /// A matrix with tensors of its own.
  public StoredMatrix(String name, int outputs, int inputs) {
    this(name, Slice.WHOLE, false, outputs, inputs);
  }

  /// The shape of its tensor when it is not quantized.
  public Shape plainShape() {
    return slice.stacked(transposed ? Shape.of(inputs, outputs) : Shape.of(outputs, inputs));
  }

  private enum Encoding {
    PLAIN,
    FP8,
    MXFP4
  }

  /// One of the tensors that a matrix is stored in.
  private record Part(String name, Shape shape, Set<DType> types) {}

  /// Bytes in the checkpoint. Checks names, shapes and types without touching a weight.
  ///
  /// @throws CheckpointException when the checkpoint does not hold it in any of these ways
  public long bytes(Checkpoint checkpoint) {
    return parts(checkpoint, encoding(checkpoint)).stream()
        .mapToLong(part -> checkpoint.require(part.name, slice, part.shape, part.types))
        .sum();
  }

  /// Maps the bytes of this matrix, and no others, for as long as the arena lives.
  ///
  /// @throws CheckpointException as [#bytes]
  public Weight map(Checkpoint checkpoint, Arena arena) {
    var encoding = encoding(checkpoint);
    List<Tensor> tensors =
        parts(checkpoint, encoding).stream()
            .map(part -> checkpoint.map(part.name, slice, part.shape, part.types, arena))
            .toList();
    return switch (encoding) {
      case PLAIN -> new Weight.Plain(tensors.getFirst(), transposed);
      case FP8 -> new Weight.Fp8(tensors.getFirst(), tensors.getLast());
      case MXFP4 -> new Weight.Mxfp4(tensors.getFirst(), tensors.getLast());
    };
  }

  private Encoding encoding(Checkpoint checkpoint) {
    if (!checkpoint.has(name) && checkpoint.has(codes())) {
      return Encoding.MXFP4;
    }
    boolean fp8 = !transposed && checkpoint.info(name).dtype() == DType.F8_E4M3;
    return fp8 ? Encoding.FP8 : Encoding.PLAIN;
  }

  private String codes() {
    return name + "_blocks";
  }

  private List<Part> parts(Checkpoint checkpoint, Encoding encoding) {
    return switch (encoding) {
      case PLAIN -> {
        var shape = transposed ? Shape.of(inputs, outputs) : Shape.of(outputs, inputs);
        yield List.of(new Part(name, shape, Checkpoint.FLOATS));
      }
      case FP8 -> {
        var scales = Shape.of(Math.ceilDiv(outputs, BLOCK), Math.ceilDiv(inputs, BLOCK));
        yield List.of(
            new Part(name, Shape.of(outputs, inputs), Set.of(DType.F8_E4M3)),
            new Part(name + "_scale_inv", scales, Checkpoint.FLOATS));
      }
      case MXFP4 -> {
        if (inputs % Float4.BLOCK != 0) {
          throw checkpoint.invalid(
              codes(), "is in blocks of 32, but the matrix has %d inputs".formatted(inputs));
        }
        int blocks = inputs / Float4.BLOCK;
        yield List.of(
            new Part(codes(), Shape.of(outputs, blocks, Float4.BLOCK_BYTES), BYTES),
            new Part(name + "_scales", Shape.of(outputs, blocks), BYTES));
      }
    };
  }
}
