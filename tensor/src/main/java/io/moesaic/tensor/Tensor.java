package io.moesaic.tensor;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;

/// A named, read-only view of row-major little-endian elements, usually mapped from a checkpoint.
/// It owns nothing: whoever mapped `data` decides how long it lives. Nothing is assumed of its
/// alignment.
///
/// @param data exactly `shape.elements() * dtype.bytes()` bytes
public record Tensor(String name, DType dtype, Shape shape, MemorySegment data) {
  private static final ValueLayout.OfInt INT =
      JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfShort SHORT =
      JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfLong LONG =
      JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  public Tensor {
    long expected = Math.multiplyExact(shape.elements(), (long) dtype.bytes());
    if (data.byteSize() != expected) {
      throw new IllegalArgumentException(
          "tensor \"%s\" %s %s needs %d bytes, got %d"
              .formatted(name, dtype, shape, expected, data.byteSize()));
    }
  }

  /// Element `index` of the flattened tensor, widened to float32.
  public float getFloat(long index) {
    return switch (dtype) {
      case F32 -> Float.intBitsToFloat(data.get(INT, index * 4));
      case BF16 -> BFloat16.widen(data.get(SHORT, index * 2));
      case F16 -> Float.float16ToFloat(data.get(SHORT, index * 2));
      default -> throw new IllegalStateException("tensor \"%s\" is %s".formatted(name, dtype));
    };
  }

  /// Element `index` of a flattened [DType#I64] tensor.
  public long getLong(long index) {
    if (dtype != DType.I64) {
      throw new IllegalStateException("tensor \"%s\" is %s, not I64".formatted(name, dtype));
    }
    return data.get(LONG, index * 8);
  }
}
