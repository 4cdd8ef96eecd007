package io.moesaic.router.trunk;

import io.moesaic.router.trunk.AttentionConfig.Grouped;
import io.moesaic.tensor.DType;
import java.util.List;

/// An encoder for the prompt and a decoder for the text, without their experts (Raffel et al. 2020,
/// "T5"). Positions enter by their distances only.
///
/// @param hidden width of an activation
/// @param vocabulary number of token ids
/// @param epsilon of the norms
/// @param tiedHead whether the head shares the embeddings' weights; the logits are divided by the
///     root of `hidden` then
/// @param attention of every layer, also of the decoder's to the prompt
/// @param buckets of distances
/// @param maxDistance from which on all are in the same bucket
/// @param encoder the feed-forward blocks of the encoder's layers
/// @param decoder likewise of the decoder's
record EncoderDecoderConfig(
    int hidden,
    int vocabulary,
    float epsilon,
    boolean tiedHead,
    Grouped attention,
    int buckets,
    int maxDistance,
    List<Block> encoder,
    List<Block> decoder)
    implements TrunkConfig {
  EncoderDecoderConfig {
    encoder = List.copyOf(encoder);
    decoder = List.copyOf(decoder);
  }

  /// By which logits are divided.
  float logitsDivisor() {
    return tiedHead ? (float) Math.sqrt(hidden) : 1;
  }

  /// Nothing in the model bounds it.
  @Override
  public int maxPositions() {
    return 1 << 24;
  }

  @Override
  public int moeLayers() {
    return Block.sparse(encoder) + Block.sparse(decoder);
  }

  @Override
  public int encoderMoeLayers() {
    return Block.sparse(encoder);
  }

  @Override
  public boolean encodesPrompts() {
    return true;
  }

  @Override
  public EncoderDecoderConfig withRotary(DType type) {
    return this;
  }
}
