package io.moesaic.router.layer;

import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import io.moesaic.tensor.DType;
import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.kernel.Kernels;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// Activations between a stream's type and the float32 that is computed with.
final class Activations {
  private static final ValueLayout.OfShort SHORT =
      JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private Activations() {}

  /// Widens rows, exactly.
  ///
  /// @param from `[rows, cols]` of the type, contiguous, at any alignment
  static Matrix read(DType type, MemorySegment from, int rows, int cols, Kernels kernels) {
    var matrix = Matrix.allocate(rows, cols);
    long rowBytes = (long) cols * type.bytes();
    for (int row = 0; row < rows; row++) {
      long at = row * rowBytes;
      switch (type) {
        case F32 -> matrix.readRow(row, from, at);
        case BF16 -> kernels.widen(from, at, matrix, row);
        case F16 -> {
          for (int i = 0; i < cols; i++) {
            matrix.set(row, i, Float.float16ToFloat(from.get(SHORT, at + i * 2L)));
          }
        }
        default -> throw notOnAStream(type);
      }
    }
    return matrix;
  }

  /// Rounds rows to the type, to nearest, ties to even.
  ///
  /// @param to `[rows, cols]` of the type, contiguous
  static void write(Matrix matrix, DType type, MemorySegment to, Kernels kernels) {
    long rowBytes = (long) matrix.cols() * type.bytes();
    for (int row = 0; row < matrix.rows(); row++) {
      long at = row * rowBytes;
      switch (type) {
        case F32 -> matrix.writeRow(row, to, at);
        case BF16 -> kernels.round(matrix, row, to, at);
        case F16 -> {
          for (int i = 0; i < matrix.cols(); i++) {
            to.set(SHORT, at + i * 2L, Float.floatToFloat16(matrix.get(row, i)));
          }
        }
        default -> throw notOnAStream(type);
      }
    }
  }

  private static IllegalStateException notOnAStream(DType type) {
    return new IllegalStateException("no stream brings activations of type " + type);
  }
}
