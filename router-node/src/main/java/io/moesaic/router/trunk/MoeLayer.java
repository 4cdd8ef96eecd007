package io.moesaic.router.trunk;

import io.moesaic.tensor.Matrix;

/// The MoE blocks of a model: which experts a token goes to, what they make of it, wherever they
/// run, and what shared experts add. The output for a row depends on that row only.
@FunctionalInterface
public interface MoeLayer {
  /// Computes one layer's block, without the residual. Called by one thread at a time.
  ///
  /// @param moeLayer number among the MoE blocks, from 0: layers without one do not count
  /// @param hidden `[tokens, hidden]`, normed
  /// @param output `[tokens, hidden]`, overwritten
  /// @param failures rows that have failed are skipped; rows that fail now are added
  void forward(int moeLayer, Matrix hidden, Matrix output, RowFailures failures);
}
