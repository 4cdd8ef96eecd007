package io.moesaic.router.gate;

import io.moesaic.router.sampling.CounterRandom;

/// The expert of a token by nothing but its id.
final class TokenHash {
  private TokenHash() {}

  /// @param rank tokens with several experts have a hash function for each
  /// @return from 0 to `experts - 1`, about equally often
  static int expert(int token, int rank, long seed, int experts) {
    return (int) (CounterRandom.uniform(seed, token, rank) * experts);
  }
}
