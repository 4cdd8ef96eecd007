package io.moesaic.router.gate;

import io.moesaic.router.sampling.CounterRandom;
import io.moesaic.tensor.Matrix;
import java.util.Arrays;

/// The experts of a token by nothing but its id.
final class TokenHash {
  private TokenHash() {}

  /// Gives a row `k` experts with equal weights. All experts score the same.
  static void route(GatedRows gated, int row, int k, long seed, int token) {
    Matrix scores = gated.scores();
    Arrays.fill(scores.data(), scores.at(row), scores.at(row) + scores.cols(), 1f / k);
    for (int rank = 0; rank < k; rank++) {
      int expert = expert(token, rank, seed, scores.cols());
      while (isTaken(gated, row, rank, expert)) {
        expert = (expert + 1) % scores.cols();
      }
      gated.set(row, rank, expert, 1f / k);
    }
  }

  /// @param rank tokens with several experts have a hash function for each
  /// @return from 0 to `experts - 1`, about equally often
  static int expert(int token, int rank, long seed, int experts) {
    return (int) (CounterRandom.uniform(seed, token, rank) * experts);
  }

  private static boolean isTaken(GatedRows gated, int row, int ranksBefore, int expert) {
    for (int rank = 0; rank < ranksBefore; rank++) {
      if (gated.expert(row, rank) == expert) {
        return true;
      }
    }
    return false;
  }
}
