package io.moesaic.deploy.tune;

import io.moesaic.tensor.Matrix;

/// How likely a model finds a token.
final class Likelihood {
  private Likelihood() {}

  /// `log Σ exp(l) - l[token]` of a row of logits, in double precision and with functions that give
  /// the same bits everywhere.
  static double negativeLog(Matrix logits, int row, int token) {
    double highest = Double.NEGATIVE_INFINITY;
    for (int i = 0; i < logits.cols(); i++) {
      highest = Math.max(highest, logits.get(row, i));
    }
    double sum = 0;
    for (int i = 0; i < logits.cols(); i++) {
      sum += StrictMath.exp(logits.get(row, i) - highest);
    }
    return StrictMath.log(sum) + highest - logits.get(row, token);
  }
}
