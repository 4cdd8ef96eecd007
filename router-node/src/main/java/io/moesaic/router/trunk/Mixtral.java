package io.moesaic.router.trunk;

/// Mixtral (Jiang et al. 2024): the plain decoder; some of its versions have a sliding window.
final class Mixtral {
  private Mixtral() {}

  static DecoderConfig trunk(DecoderKeys keys) {
    keys.requireNot("attention_bias");
    var window = keys.config().has("sliding_window") ? keys.slidingWindow() : Window.ALL;
    return keys.trunk(keys.grouped(), keys.layers(_ -> window));
  }
}
