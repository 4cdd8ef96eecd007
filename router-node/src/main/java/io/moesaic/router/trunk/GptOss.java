package io.moesaic.router.trunk;

/// gpt-oss (OpenAI 2025): all projections have biases, every second layer sees a window only, and
/// each head has a sink.
final class GptOss {
  private GptOss() {}

  static DecoderConfig trunk(DecoderKeys keys) {
    return keys.trunk(
        keys.grouped().withBiases(keys.attentionBias(true)).withSinks(),
        keys.layers(keys.windows(layer -> layer % 2 == 0)));
  }
}
