package io.moesaic.router.gate;

import io.moesaic.tensor.kernel.PackedMatrix;
import org.jspecify.annotations.Nullable;

/// The weights of one layer's gate.
///
/// @param weight `[experts, hidden]`
/// @param bias `experts` floats that are added to the logits, or null
/// @param choiceBias `experts` floats that enter the choice and not the weights (DeepSeek-V3's
///     correction), or null
/// @param noise `[experts, hidden]`: logits of the noise (Shazeer), or null
public record GateWeights(
    PackedMatrix weight,
    float @Nullable [] bias,
    float @Nullable [] choiceBias,
    @Nullable PackedMatrix noise) {
  public GateWeights(PackedMatrix weight) {
    this(weight, null, null, null);
  }

  public int experts() {
    return weight.outputs();
  }

  public long bytes() {
    return weight.bytes() + (noise == null ? 0 : noise.bytes());
  }
}
