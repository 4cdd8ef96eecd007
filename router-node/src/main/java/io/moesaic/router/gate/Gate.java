package io.moesaic.router.gate;

import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.kernel.Compute;
import io.moesaic.tensor.kernel.PackedMatrix;

/// Mixtral's gate: `scores = hidden · Wgᵀ`, softmax over all experts, the best `k` of a row (the
/// lower index among equals), their probabilities divided by their sum.
public final class Gate {
  private final Compute compute;
  private final int ranks;

  /// @param ranks experts of each token
  public Gate(Compute compute, int ranks) {
    this.compute = compute;
    this.ranks = ranks;
  }

  /// @param hidden `[rows, hidden]`
  /// @param weight `[experts, hidden]`
  public Choices route(Matrix hidden, PackedMatrix weight) {
    int rows = hidden.rows();
    var scores = Matrix.allocate(rows, weight.outputs());
    compute.multiply(hidden, weight, scores);
    var experts = new int[rows * ranks];
    var weights = new float[rows * ranks];
    for (int row = 0; row < rows; row++) {
      compute.kernels().softmax(scores, row, 0, weight.outputs(), 1);
      int at = row * ranks;
      compute.kernels().topK(scores, row, ranks, experts, at);
      float sum = 0;
      for (int rank = 0; rank < ranks; rank++) {
        weights[at + rank] = scores.get(row, experts[at + rank]);
        sum += weights[at + rank];
      }
      for (int rank = 0; rank < ranks; rank++) {
        weights[at + rank] /= sum;
      }
    }
    return new Choices(rows, ranks, experts, weights);
  }
}
