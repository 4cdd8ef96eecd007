package io.moesaic.router.sampling;

/// Random numbers without a state: the number for a token is a hash of the request's seed and the
/// token's position. So a request gets the same numbers whatever runs beside it, and a generation
/// that is repeated from the middle goes on as it would have.
public final class CounterRandom {
  private CounterRandom() {}

  /// Uniform in `[0, 1)`, with 53 random bits.
  static double uniform(long seed, int position) {
    long bits = mix(mix(seed) + position);
    return (bits >>> 11) * 0x1.0p-53;
  }

  /// Uniform in `[0, 1)`; every stream has numbers of its own, none of them those of sampling.
  public static double uniform(long seed, int position, int stream) {
    return uniform(mix(seed) ^ mix(~(long) stream), position);
  }

  /// The finalizer of SplitMix64 (Steele, Lea and Flood 2014).
  private static long mix(long value) {
    long z = value + 0x9e3779b97f4a7c15L;
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }
}
