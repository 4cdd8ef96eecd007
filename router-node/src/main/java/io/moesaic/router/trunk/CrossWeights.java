package io.moesaic.router.trunk;

import io.moesaic.tensor.kernel.PackedMatrix;

/// The weights of a layer's [CrossAttention]. `H` is the width of an activation, `D` of a head.
///
/// @param norm `H` floats, of what asks
/// @param queries `[heads D, H]`
/// @param keysAndValues `[2 heads D, H]`, of what the encoder made of the prompt
/// @param output `[H, heads D]`
record CrossWeights(
    float[] norm, PackedMatrix queries, PackedMatrix keysAndValues, PackedMatrix output) {
  long bytes() {
    return queries.bytes() + keysAndValues.bytes() + output.bytes();
  }
}
