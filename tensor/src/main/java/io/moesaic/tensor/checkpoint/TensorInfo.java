package io.moesaic.tensor.checkpoint;

import io.moesaic.tensor.DType;
import io.moesaic.tensor.Shape;

/// What a safetensors header says of one tensor.
///
/// @param begin first byte, counted from the end of the header
/// @param end one past the last byte, counted likewise
public record TensorInfo(String name, DType dtype, Shape shape, long begin, long end) {
  public long bytes() {
    return end - begin;
  }
}
