package io.moesaic.router.gate;

import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.kernel.Exp;
import io.moesaic.tensor.kernel.Kernels;
import java.util.Arrays;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/// A batch on its way from logits to choices and weights, and the steps of which routing policies
/// consist. Each step works on one row and looks at no other.
///
/// ```
///   scores      [rows, experts]  the logits at first; softmax or sigmoid overwrites them
///   preference  [rows, experts]  the same matrix, or one of its own; choose goes by it
///   experts     [rows, ranks]    NONE at first; what choose found
///   weights     [rows, ranks]    0 at first; what weigh took from the scores
/// ```
final class GatedRows {
  private final Kernels kernels;
  private final IntPredicate skipped;
  private final int ranks;
  private final int[] experts;
  private final float[] weights;
  private final Matrix scores;
  private Matrix preference;

  /// @param logits become the scores
  /// @param skipped rows that get no experts
  GatedRows(Kernels kernels, Matrix logits, int ranks, IntPredicate skipped) {
    this.kernels = kernels;
    this.skipped = skipped;
    this.ranks = ranks;
    experts = new int[logits.rows() * ranks];
    weights = new float[logits.rows() * ranks];
    Arrays.fill(experts, Choices.NONE);
    scores = logits;
    preference = logits;
  }

  Gating gating(boolean weighsInput) {
    return new Gating(
        new Choices(scores.rows(), ranks, experts, weights, weighsInput), scores, preference);
  }

  interface RowRule {
    void route(int row);
  }

  void each(RowRule rule) {
    for (int row = 0; row < scores.rows(); row++) {
      if (!skipped.test(row)) {
        rule.route(row);
      }
    }
  }

  int ranks() {
    return ranks;
  }

  Matrix scores() {
    return scores;
  }

  Matrix preference() {
    return preference;
  }

  // ---- scores

  void softmax(int row) {
    kernels.softmax(scores, row, 0, scores.cols(), 1);
  }

  void sigmoid(int row) {
    for (int expert = 0; expert < scores.cols(); expert++) {
      scores.set(row, expert, 1 / (1 + Exp.exp(-scores.get(row, expert))));
    }
  }

  // ---- preference

  /// From now on the preference is a matrix of its own, of zeros.
  void preferOwn() {
    preference = Matrix.allocate(scores.rows(), scores.cols());
  }

  /// From now on the preference is the logits, while the scores are overwritten.
  void preferLogits() {
    preferOwn();
    each(row -> preference.copyRow(row, scores, row));
  }

  /// The row's preference becomes its scores.
  void preferScores(int row) {
    preference.copyRow(row, scores, row);
  }

  /// Adds to the row's preference.
  ///
  /// @param bias of each expert, or null for none
  void prefer(int row, float @Nullable [] bias) {
    for (int expert = 0; bias != null && expert < bias.length; expert++) {
      preference.set(row, expert, preference.get(row, expert) + bias[expert]);
    }
  }

  ExpertGroups groups(int groups, int topGroups, int judges) {
    return new ExpertGroups(kernels, scores.cols(), groups, topGroups, judges);
  }

  // ---- choices

  void choose(int row) {
    kernels.topK(preference, row, ranks, experts, row * ranks);
  }

  void set(int row, int rank, int expert, float weight) {
    experts[row * ranks + rank] = expert;
    weights[row * ranks + rank] = weight;
  }

  void remove(int row, int rank) {
    set(row, rank, Choices.NONE, 0);
  }

  int expert(int row, int rank) {
    return experts[row * ranks + rank];
  }

  // ---- weights

  float weight(int row, int rank) {
    return weights[row * ranks + rank];
  }

  /// The weights become the scores of the chosen.
  void weigh(int row) {
    for (int at = row * ranks; at < (row + 1) * ranks; at++) {
      weights[at] = scores.get(row, experts[at]);
    }
  }

  /// The weights become the softmax over the preferences of the chosen.
  ///
  /// @param chosen `[1, ranks]`, overwritten
  void weighBySoftmax(int row, Matrix chosen) {
    for (int rank = 0; rank < ranks; rank++) {
      chosen.set(0, rank, preference.get(row, expert(row, rank)));
    }
    kernels.softmax(chosen, 0, 0, ranks, 1);
    System.arraycopy(chosen.data(), chosen.at(0), weights, row * ranks, ranks);
  }

  void divideBySum(int row, float epsilon) {
    float sum = 0;
    for (int at = row * ranks; at < (row + 1) * ranks; at++) {
      sum += weights[at];
    }
    sum += epsilon;
    for (int at = row * ranks; at < (row + 1) * ranks; at++) {
      weights[at] /= sum;
    }
  }

  void scale(int row, float scale) {
    if (scale != 1) {
      for (int at = row * ranks; at < (row + 1) * ranks; at++) {
        weights[at] *= scale;
      }
    }
  }
}
