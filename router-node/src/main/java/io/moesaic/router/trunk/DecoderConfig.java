package io.moesaic.router.trunk;

import io.moesaic.tensor.DType;
import java.util.List;

/// A decoder without its experts: what the families have in common, and the choices in which they
/// differ.
///
/// @param hidden width of an activation
/// @param vocabulary number of token ids
/// @param maxPositions longest sequence
/// @param epsilon of the norms
/// @param tiedHead whether the head shares the embeddings' weights
/// @param multipliers of the residual stream
/// @param rotary how positions turn queries and keys
/// @param attention of every layer
/// @param layers in order
record DecoderConfig(
    int hidden,
    int vocabulary,
    int maxPositions,
    float epsilon,
    boolean tiedHead,
    Multipliers multipliers,
    Rotary rotary,
    AttentionConfig attention,
    List<Layer> layers)
    implements TrunkConfig {
  DecoderConfig {
    layers = List.copyOf(layers);
  }

  /// A layer: attention, then a feed-forward block.
  record Layer(Window window, Block block) {}

  /// Constants that scale activations on their way.
  ///
  /// @param embedding times the embeddings
  /// @param residual times what each block adds to the residual stream
  /// @param logits by which the logits are divided
  record Multipliers(float embedding, float residual, float logits) {
    static final Multipliers NONE = new Multipliers(1, 1, 1);
  }

  @Override
  public DecoderConfig withRotary(DType type) {
    return new DecoderConfig(
        hidden,
        vocabulary,
        maxPositions,
        epsilon,
        tiedHead,
        multipliers,
        rotary.withType(type),
        attention,
        layers);
  }

  DecoderConfig withMultipliers(Multipliers other) {
    return new DecoderConfig(
        hidden, vocabulary, maxPositions, epsilon, tiedHead, other, rotary, attention, layers);
  }

  @Override
  public int moeLayers() {
    return Block.sparse(layers.stream().map(Layer::block).toList());
  }

  @Override
  public int encoderMoeLayers() {
    return 0;
  }

  @Override
  public boolean encodesPrompts() {
    return false;
  }
}
