package io.moesaic.tensor.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import io.moesaic.tensor.Float8;
import io.moesaic.tensor.Weight;
import java.lang.foreign.MemorySegment;
import java.util.Objects;

/// A panel of [Weight.Fp8]: 8.25 bits for each weight. Every column has its own scales, as matrices
/// that are packed below each other need not begin at a multiple of a block.
///
/// ```
///   128 inputs   | scale of column 0, float32 | scale of column 1 | ... |        256 bytes
///                | 4 codes of column 0 | 4 codes of column 1 | ...      |   32 x 256 bytes
/// ```
/// The last block ends with the last input, and its last int is filled up with zeros.
///
/// @param data where the panel lies, from byte `offset` on
public record Fp8Panel(MemorySegment data, long offset, int k) implements QuantizedPanel {
  /// Inputs whose codes share an int.
  static final int GROUP = 4;

  static final int SCALE_BYTES = Panel.COLUMNS * Float.BYTES;
  private static final int BLOCK_BYTES = SCALE_BYTES + Weight.Fp8.BLOCK / GROUP * GROUP_BYTES;

  public Fp8Panel {
    Objects.checkFromIndexSize(offset, bytes(k), data.byteSize());
  }

  static long bytes(int k) {
    return (long) Math.ceilDiv(k, Weight.Fp8.BLOCK) * SCALE_BYTES
        + (long) Math.ceilDiv(k, GROUP) * GROUP_BYTES;
  }

  /// Where the block of an input begins.
  long block(int k) {
    return offset + (long) k / Weight.Fp8.BLOCK * BLOCK_BYTES;
  }

  /// Where a code is.
  private long code(int k, int n) {
    long group = k % Weight.Fp8.BLOCK / GROUP;
    return block(k) + SCALE_BYTES + group * GROUP_BYTES + n * 4L + k % GROUP;
  }

  @Override
  public float get(int k, int n) {
    return Float8.widen(data.get(JAVA_BYTE, code(k, n))) * data.get(JAVA_FLOAT, block(k) + n * 4L);
  }

  /// Fills a column with a row of the weight.
  void pack(Weight.Fp8 weight, int row, int column) {
    long from = weight.at(row);
    for (int k = 0; k < this.k; k++) {
      if (k % Weight.Fp8.BLOCK == 0) {
        float scale = weight.scale(row, k / Weight.Fp8.BLOCK);
        data.set(JAVA_FLOAT, block(k) + column * 4L, scale);
      }
      data.set(JAVA_BYTE, code(k, column), weight.values().data().get(JAVA_BYTE, from + k));
    }
  }
}
