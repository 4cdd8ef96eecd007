package io.moesaic.router.gate;

import io.moesaic.router.gate.RoutingPolicies.Draws;
import io.moesaic.tensor.Matrix;
import org.jspecify.annotations.Nullable;

/// Shazeer's noise: normally distributed, with the deviation `softplus(noise logit) + epsilon`.
///
/// @param noiseLogits `[rows, experts]`; null for a deviation of epsilon
record GateNoise(@Nullable Matrix noiseLogits, double epsilon, Draws draws) {
  /// @param logits `[rows, experts]`
  void add(Matrix logits, int row) {
    for (int expert = 0; expert < logits.cols(); expert++) {
      double deviation = epsilon;
      if (noiseLogits != null) {
        deviation += softplus(noiseLogits.get(row, expert));
      }
      double noise = deviation * normal(row, 2 * expert);
      logits.set(row, expert, (float) (logits.get(row, expert) + noise));
    }
  }

  /// `log(1 + exp(x))`, without the overflow of its exponential.
  private static double softplus(double x) {
    return Math.max(x, 0) + StrictMath.log1p(StrictMath.exp(-Math.abs(x)));
  }

  /// Standard normal, by Box and Muller, from two streams.
  private double normal(int row, int stream) {
    double radius = StrictMath.sqrt(-2 * StrictMath.log(1 - draws.uniform(row, stream)));
    return radius * StrictMath.cos(2 * Math.PI * draws.uniform(row, stream + 1));
  }
}
