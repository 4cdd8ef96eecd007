package io.moesaic.router.gate;

import java.util.Objects;

/// The experts of each token row, best first, and the weights with which their outputs are summed.
/// A row may have fewer experts than there are ranks: [#NONE] fills the other places, anywhere in
/// the row.
public final class Choices {
  /// Stands where a row has no expert: it has fewer, or this one was dropped.
  public static final int NONE = -1;

  private final int rows;
  private final int ranks;
  private final int[] experts;
  private final float[] weights;
  private final boolean weighsInput;

  /// @param ranks most experts of a row
  /// @param experts `[rows, ranks]`
  /// @param weights `[rows, ranks]`
  /// @param weighsInput whether a weight scales what its expert is given, and not what it answers
  public Choices(int rows, int ranks, int[] experts, float[] weights, boolean weighsInput) {
    Objects.checkFromIndexSize(0, rows * ranks, experts.length);
    Objects.checkFromIndexSize(0, rows * ranks, weights.length);
    this.rows = rows;
    this.ranks = ranks;
    this.experts = experts;
    this.weights = weights;
    this.weighsInput = weighsInput;
  }

  /// Choices whose weights scale what the experts answer.
  public Choices(int rows, int ranks, int[] experts, float[] weights) {
    this(rows, ranks, experts, weights, false);
  }

  public int rows() {
    return rows;
  }

  /// Most experts of a row.
  public int ranks() {
    return ranks;
  }

  /// The row's expert of rank `rank`, 0 being the best, or [#NONE].
  public int expert(int row, int rank) {
    return experts[row * ranks + rank];
  }

  public float weight(int row, int rank) {
    return weights[row * ranks + rank];
  }

  /// Whether a weight scales what its expert is given, and not what it answers.
  public boolean weighsInput() {
    return weighsInput;
  }

  /// Whether the row goes to the expert, at any rank.
  public boolean contains(int row, int expert) {
    for (int rank = 0; rank < ranks; rank++) {
      if (expert(row, rank) == expert) {
        return true;
      }
    }
    return false;
  }

  /// The same experts and weights, to be changed while the original stays.
  public Choices copy() {
    return new Choices(rows, ranks, experts.clone(), weights.clone(), weighsInput);
  }

  /// Divides a row's weights by their sum, unless that is 0.
  public void divideBySum(int row) {
    float sum = 0;
    for (int at = row * ranks; at < (row + 1) * ranks; at++) {
      sum += weights[at];
    }
    for (int at = row * ranks; at < (row + 1) * ranks && sum > 0; at++) {
      weights[at] /= sum;
    }
  }

  /// Replaces one choice.
  ///
  /// @param expert may be [#NONE]
  public void set(int row, int rank, int expert, float weight) {
    experts[row * ranks + rank] = expert;
    weights[row * ranks + rank] = weight;
  }
}
