package io.moesaic.tensor.kernel;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import io.moesaic.tensor.Float4;
import io.moesaic.tensor.Weight;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Objects;

/// A panel of [Weight.Mxfp4]: 4.25 bits for each weight. Four columns share an int of scales, so
/// that a vector of any width finds its scales in as many lanes:
///
/// ```
///   32 inputs   | scales 0 16 32 48 | 1 17 33 49 | ... | 15 31 47 63 |     64 bytes
///               | 8 codes of column 0 | 8 codes of column 1 | ...    |   4 x 256 bytes
/// ```
///
/// @param data where the panel lies, from byte `offset` on
/// @param k a multiple of 32
public record Mxfp4Panel(MemorySegment data, long offset, int k) implements QuantizedPanel {
  /// Inputs whose codes share an int.
  static final int GROUP = 8;

  /// Columns with an int of scales of their own.
  static final int SCALE_LANES = 16;

  static final int SCALE_BYTES = Panel.COLUMNS;
  private static final int BLOCK_BYTES = SCALE_BYTES + Float4.BLOCK / GROUP * GROUP_BYTES;

  private static final ValueLayout.OfInt STORED_INT =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  public Mxfp4Panel {
    Objects.checkFromIndexSize(offset, bytes(k), data.byteSize());
  }

  static long bytes(int k) {
    return (long) k / Float4.BLOCK * BLOCK_BYTES;
  }

  /// Where the block of an input begins.
  long block(int k) {
    return offset + (long) k / Float4.BLOCK * BLOCK_BYTES;
  }

  private static long scaleOf(int n) {
    return n % SCALE_LANES * 4L + n / SCALE_LANES;
  }

  @Override
  public float get(int k, int n) {
    int inBlock = k % Float4.BLOCK;
    long group = SCALE_BYTES + (long) inBlock / GROUP * GROUP_BYTES;
    int codes = data.get(JAVA_INT, block(k) + group + n * 4L);
    int exponent = Byte.toUnsignedInt(data.get(JAVA_BYTE, block(k) + scaleOf(n)));
    int code = (codes >>> (inBlock % GROUP * 4)) & 0xf;
    return Float4.value(code) * Float4.scale(exponent);
  }

  /// Fills a column with a row of the weight. A block's codes are stored in the order that they
  /// have here.
  void pack(Weight.Mxfp4 weight, int row, int column) {
    var codes = weight.codes().data();
    for (int block = 0; block < weight.blocks(); block++) {
      long to = block(block * Float4.BLOCK);
      data.set(JAVA_BYTE, to + scaleOf(column), (byte) weight.exponent(row, block));
      for (int group = 0; group < Float4.BLOCK / GROUP; group++) {
        int stored = codes.get(STORED_INT, weight.at(row, block) + group * 4L);
        data.set(JAVA_INT, to + SCALE_BYTES + (long) group * GROUP_BYTES + column * 4L, stored);
      }
    }
  }
}
