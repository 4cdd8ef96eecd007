package io.moesaic.router.gate;

import java.util.Objects;

/// The experts of each token row, best first, and the weights with which their outputs are summed.
public final class Choices {
  private final int rows;
  private final int ranks;
  private final int[] experts;
  private final float[] weights;

  /// @param ranks experts of each row
  /// @param experts `[rows, ranks]`
  /// @param weights `[rows, ranks]`
  public Choices(int rows, int ranks, int[] experts, float[] weights) {
    Objects.checkFromIndexSize(0, rows * ranks, experts.length);
    Objects.checkFromIndexSize(0, rows * ranks, weights.length);
    this.rows = rows;
    this.ranks = ranks;
    this.experts = experts;
    this.weights = weights;
  }

  public int rows() {
    return rows;
  }

  /// Experts of each row.
  public int ranks() {
    return ranks;
  }

  /// The row's expert of rank `rank`, 0 being the best.
  public int expert(int row, int rank) {
    return experts[row * ranks + rank];
  }

  public float weight(int row, int rank) {
    return weights[row * ranks + rank];
  }
}
