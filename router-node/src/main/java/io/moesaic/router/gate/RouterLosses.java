package io.moesaic.router.gate;

import io.moesaic.tensor.Matrix;

/// How evenly a gate spreads tokens, as training measures it: for reports on traffic, nothing is
/// trained here. Sums in float64.
public final class RouterLosses {
  private RouterLosses() {}

  /// The load-balancing loss of Switch Transformers, `E · Σ_e f_e · P_e`, with the share `f_e` of
  /// the tokens that chose expert e and its mean probability `P_e`. 1 when both are even, up to E
  /// (times k) when one expert has all.
  ///
  /// @param probabilities `[rows, experts]`
  public static double balance(Matrix probabilities, Choices choices) {
    int experts = probabilities.cols();
    var chosen = new long[experts];
    var mass = new double[experts];
    for (int row = 0; row < probabilities.rows(); row++) {
      for (int rank = 0; rank < choices.ranks(); rank++) {
        if (choices.expert(row, rank) != Choices.NONE) {
          chosen[choices.expert(row, rank)]++;
        }
      }
      for (int expert = 0; expert < experts; expert++) {
        mass[expert] += probabilities.get(row, expert);
      }
    }
    double sum = 0;
    for (int expert = 0; expert < experts; expert++) {
      sum += chosen[expert] * mass[expert];
    }
    double rows = Math.max(1, probabilities.rows());
    return experts * sum / (rows * rows);
  }

  /// The z-loss of ST-MoE, the mean of `logsumexp(l)²` over the rows: it grows as logits do, and
  /// with them the error of rounding them.
  ///
  /// @param logits `[rows, experts]`
  public static double z(Matrix logits) {
    double sum = 0;
    for (int row = 0; row < logits.rows(); row++) {
      double largest = Double.NEGATIVE_INFINITY;
      for (int expert = 0; expert < logits.cols(); expert++) {
        largest = Math.max(largest, logits.get(row, expert));
      }
      double rest = 0;
      for (int expert = 0; expert < logits.cols(); expert++) {
        rest += StrictMath.exp(logits.get(row, expert) - largest);
      }
      double logSum = largest + StrictMath.log(rest);
      sum += logSum * logSum;
    }
    return sum / Math.max(1, logits.rows());
  }
}
