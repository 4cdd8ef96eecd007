package io.moesaic.tensor;

/// The element types of a checkpoint, by the names that safetensors gives them.
///
/// Arithmetic is done in [#F32]; [#BF16] and [#F16] are widened to it exactly. [#F8_E4M3] and
/// [#U8] hold quantized weights, which need scales (see [Weight]). The other types can be read and
/// described, not computed with.
public enum DType {
  BOOL(1),
  U8(1),
  I8(1),
  F8_E4M3(1),
  F8_E5M2(1),
  F8_E8M0(1),
  U16(2),
  I16(2),
  F16(2),
  BF16(2),
  U32(4),
  I32(4),
  F32(4),
  U64(8),
  I64(8),
  F64(8);

  private final int bytes;

  DType(int bytes) {
    this.bytes = bytes;
  }

  /// Bytes of one element.
  public int bytes() {
    return bytes;
  }

  /// Whether every value of this type is a float32 exactly and [Tensor#getFloat] can read it.
  public boolean widensToFloat() {
    return this == F32 || this == BF16 || this == F16;
  }
}
