package io.moesaic.router.trunk;

import io.moesaic.tensor.Matrix;

/// The MoE blocks of a model: which experts a token goes to, and what they make of it, wherever
/// they run. The output for a row depends on that row only.
@FunctionalInterface
public interface MoeLayer {
  /// Computes one layer's block, without the residual. Called by one thread at a time.
  ///
  /// @param hidden `[tokens, hidden]`, normed
  /// @param output `[tokens, hidden]`, overwritten
  /// @param failures rows that have failed are skipped; rows that fail now are added
  void forward(int layer, Matrix hidden, Matrix output, RowFailures failures);
}
