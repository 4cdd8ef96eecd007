package io.moesaic.router.trunk;

import io.moesaic.tensor.Matrix;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// One forward pass on its way through the layers. For the thread that leads it.
final class Step {
  private final int rows;
  private final List<RowBlock> rowBlocks;
  private final RotaryEmbedding.Angles angles;
  private final MoeLayer moe;
  private final RowFailures failures;
  private final Map<String, Matrix> matrices = new HashMap<>();

  Step(StepBatch batch, RotaryEmbedding.Angles angles, MoeLayer moe, RowFailures failures) {
    rows = batch.rows();
    rowBlocks = RowBlock.of(batch);
    this.angles = angles;
    this.moe = moe;
    this.failures = failures;
  }

  List<RowBlock> rowBlocks() {
    return rowBlocks;
  }

  RotaryEmbedding.Angles angles() {
    return angles;
  }

  MoeLayer moe() {
    return moe;
  }

  RowFailures failures() {
    return failures;
  }

  /// A matrix for all rows, the same one for each layer that asks by this name.
  Matrix matrix(String name, int cols) {
    return matrices.computeIfAbsent(name, _ -> Matrix.allocate(rows, cols));
  }
}
