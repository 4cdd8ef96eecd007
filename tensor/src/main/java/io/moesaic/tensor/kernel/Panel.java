package io.moesaic.tensor.kernel;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.moesaic.tensor.BFloat16;
import io.moesaic.tensor.DType;
import io.moesaic.tensor.Matrix;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/// 64 output columns of a weight matrix, laid out so that a kernel reads it front to back, one line
/// for each input `k`:
///
/// ```
///   F32   | w[k][0] | w[k][1] | w[k][2] | ...                          | w[k][63] |   256 bytes
///   BF16  | w[k][0] w[k][32] | w[k][1] w[k][33] | ... | w[k][31] w[k][63] |           128 bytes
/// ```
/// `w[k][n]` multiplies input column `k` into output column `n`. Two bfloat16 are read as one
/// 32-bit lane: the lower half widens by a shift to the left, the upper half by a mask. Native
/// memory.
///
/// Keys and values of attention are kept in this layout too: one kernel serves weights and
/// attention.
///
/// @param data where the panel lies, from byte `offset` on
/// @param type [DType#F32] or [DType#BF16]
/// @param k how many lines count: the length of the dot products
public record Panel(MemorySegment data, long offset, DType type, int k) implements WeightPanel {
  /// Output columns of a panel.
  public static final int COLUMNS = Matrix.PADDING;

  /// Columns between the two bfloat16 of a lane.
  static final int PAIRED = COLUMNS / 2;

  public Panel {
    Objects.checkFromIndexSize(offset, bytes(type, k), data.byteSize());
  }

  /// Bytes of the line of one input.
  static int lineBytes(DType type) {
    return switch (type) {
      case F32 -> COLUMNS * Float.BYTES;
      case BF16 -> COLUMNS * Short.BYTES;
      default -> throw new IllegalArgumentException("no panel layout for " + type);
    };
  }

  /// Bytes of a panel with dot products of length `k`.
  public static long bytes(DType type, int k) {
    return (long) lineBytes(type) * k;
  }

  /// Sets the float32 weight from input `k` to output column `n`.
  void set(int k, int n, float weight) {
    data.set(JAVA_FLOAT, offset + bytes(DType.F32, k) + n * 4L, weight);
  }

  /// The weight from input `k` to output column `n`.
  float get(int k, int n) {
    long line = offset + bytes(type, k);
    if (type == DType.F32) {
      return data.get(JAVA_FLOAT, line + n * 4L);
    }
    int pair = data.get(JAVA_INT, line + n % PAIRED * 4L);
    return BFloat16.widen((short) (n < PAIRED ? pair : pair >>> 16));
  }
}
