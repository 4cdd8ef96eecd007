package io.moesaic.tensor.ffn;

/// One expert of one MoE layer.
///
/// @param layer counted over the model's MoE layers, from 0
/// @param expert counted within the layer, from 0
public record ExpertId(int layer, int expert) {
  /// As in `2.7`: layer 2, expert 7.
  @Override
  public String toString() {
    return layer + "." + expert;
  }
}
