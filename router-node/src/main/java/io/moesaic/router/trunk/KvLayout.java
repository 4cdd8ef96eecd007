package io.moesaic.router.trunk;

/// What a position keeps in a [KvPool].
///
/// @param layers of attention
/// @param heads key-value heads of each layer
/// @param keyWidth floats of a head's key
/// @param valueWidth floats of a head's value; 0 when values are made from the keys
record KvLayout(int layers, int heads, int keyWidth, int valueWidth) {
  static KvLayout of(TrunkConfig config) {
    return switch (config) {
      case DecoderConfig decoder -> decoder.attention().kept(decoder.layers().size());
      // A prompt has the keys and values of the encoder's layers only until those are there that
      // the decoder's layers attend to.
      case EncoderDecoderConfig both ->
          both.attention().kept(Math.max(both.encoder().size(), both.decoder().size()));
    };
  }
}
