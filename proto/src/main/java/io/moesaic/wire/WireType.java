package io.moesaic.wire;

import io.moesaic.tensor.DType;
import java.util.Locale;

/// The types that activations may have on the wire. Both sides round to the type at the same
/// places, before dispatch and after the expert, so that results do not depend on where an expert
/// runs.
public enum WireType {
  /// float32: exact.
  F32(DType.F32),
  /// bfloat16: half the bytes. Arrow has no such type; it travels as uint16 with the field metadata
  /// `moesaic.dtype=bf16`.
  BF16(DType.BF16);

  private final DType dtype;

  WireType(DType dtype) {
    this.dtype = dtype;
  }

  DType dtype() {
    return dtype;
  }

  /// Bytes of one element.
  public int bytes() {
    return dtype.bytes();
  }

  /// The name in flags, configuration and descriptions: `f32` or `bf16`.
  public String label() {
    return name().toLowerCase(Locale.ROOT);
  }

  @Override
  public String toString() {
    return label();
  }
}
