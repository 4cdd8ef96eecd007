package io.moesaic.router.trunk;

/// Mixtral (Jiang et al. 2024): the plain decoder; some of its versions have a sliding window.
final class Mixtral {
  private Mixtral() {}

  static TrunkConfig trunk(DecoderKeys keys) {
    keys.requireUnquantised();
    keys.requireNot("attention_bias");
    return keys.trunk(keys.grouped(), keys.layers(_ -> keys.slidingWindow(), _ -> true));
  }
}
