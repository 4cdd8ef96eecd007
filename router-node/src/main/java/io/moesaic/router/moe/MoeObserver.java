package io.moesaic.router.moe;

import io.moesaic.router.gate.Choices;
import io.moesaic.tensor.Matrix;

/// Sees every MoE block that is computed, for verification and experiments. Called on the thread
/// that computes; what it is given is overwritten afterwards.
@FunctionalInterface
public interface MoeObserver {
  MoeObserver NONE = (_, _, _, _) -> {};

  /// @param hidden `[rows, hidden]`, the block's input
  /// @param output `[rows, hidden]`, the block's output
  void observed(int layer, Matrix hidden, Choices choices, Matrix output);
}
