package io.moesaic.tensor.ffn;

import io.moesaic.tensor.Tensor;

/// The weights of a [FeedForward.SwiGlu] block as a checkpoint holds them: views, to be packed.
///
/// @param gate `[intermediate, hidden]`
/// @param up `[intermediate, hidden]`
/// @param down `[hidden, intermediate]`
public record ExpertWeights(Tensor gate, Tensor up, Tensor down) {
  public long bytes() {
    return gate.data().byteSize() + up.data().byteSize() + down.data().byteSize();
  }
}
