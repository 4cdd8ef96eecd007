package io.moesaic.router.moe;

import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.ffn.PackedExpert;
import io.moesaic.tensor.kernel.Compute;
import io.moesaic.tensor.kernel.Exp;
import io.moesaic.tensor.kernel.PackedMatrix;
import org.jspecify.annotations.Nullable;

/// The expert of a layer that every token goes to. It is computed in this process, while the others
/// are at work on their nodes.
///
/// @param expert the feed-forward block
/// @param gate `[1, hidden]`: its output is multiplied by `sigmoid(hidden · gateᵀ)` (Qwen2-MoE);
///     null for not at all (DeepSeek)
public record SharedExpert(PackedExpert expert, @Nullable PackedMatrix gate) {
  public long bytes() {
    return expert.bytes() + (gate == null ? 0 : gate.bytes());
  }

  /// @param hidden `[rows, hidden]`
  /// @return `[rows, hidden]`
  Matrix forward(Compute compute, Matrix hidden) {
    var output = Matrix.allocate(hidden.rows(), expert.block().hidden());
    expert.forward(compute, hidden, output);
    if (gate != null) {
      var scores = Matrix.allocate(hidden.rows(), 1);
      compute.multiply(hidden, gate, scores);
      for (int row = 0; row < hidden.rows(); row++) {
        float share = 1 / (1 + Exp.exp(-scores.get(row, 0)));
        for (int i = 0; i < output.cols(); i++) {
          output.set(row, i, output.get(row, i) * share);
        }
      }
    }
    return output;
  }
}
