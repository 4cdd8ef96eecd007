package io.moesaic.deploy.digits;

/// The softmax, and its logarithm, with the same bits on every machine.
final class Softmax {
  private Softmax() {}

  /// Turns scores into shares with the sum 1.
  ///
  /// @param scores replaced by the logarithms of the shares
  /// @param shares receives the shares
  /// @return the logarithm of the sum of `exp(score)`
  static double of(double[] scores, double[] shares) {
    double max = Double.NEGATIVE_INFINITY;
    for (double score : scores) {
      max = Math.max(max, score);
    }
    double sum = 0;
    for (double score : scores) {
      sum += StrictMath.exp(score - max);
    }
    double logSum = max + StrictMath.log(sum);
    for (int i = 0; i < scores.length; i++) {
      scores[i] -= logSum;
      shares[i] = StrictMath.exp(scores[i]);
    }
    return logSum;
  }
}
