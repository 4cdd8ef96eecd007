package io.moesaic.router.trunk;

/// gpt-oss (OpenAI 2025): all projections have biases, every second layer sees a window only, and
/// each head has a sink. Its experts may be quantised, its trunk is not.
final class GptOss {
  private GptOss() {}

  static TrunkConfig trunk(DecoderKeys keys) {
    keys.config()
        .section("quantization_config")
        .ifPresent(
            quantization -> {
              if (!quantization.text("quant_method").orElse("absent").equals("mxfp4")) {
                throw quantization.invalid("quant_method", "must be \"mxfp4\", of the experts");
              }
            });
    return keys.trunk(
        keys.grouped().withBiases(keys.attentionBias(true)).withSinks(),
        keys.layers(keys.windows(layer -> layer % 2 == 0), _ -> true));
  }
}
