package io.moesaic.router.trunk;

import io.moesaic.tensor.ffn.ExpertBank;
import io.moesaic.tensor.ffn.FeedForward;
import java.util.List;
import java.util.function.Supplier;

/// The feed-forward block of a layer.
sealed interface Block {
  /// An MoE block, which is not the trunk's business.
  ///
  /// @param moeLayer its number among the MoE blocks, from 0
  record Sparse(int moeLayer) implements Block {}

  /// One feed-forward block for all tokens.
  record Dense(FeedForward feedForward) implements Block {}

  /// The block of a layer.
  ///
  /// @param prefix what the names of the layer's tensors begin with
  /// @param dense of a layer without experts
  static Block of(ExpertBank experts, String prefix, Supplier<FeedForward> dense) {
    var moeLayer = experts.layerIn(prefix);
    return moeLayer.isPresent() ? new Sparse(moeLayer.getAsInt()) : new Dense(dense.get());
  }

  /// How many of the blocks have experts.
  static int sparse(List<Block> blocks) {
    return (int) blocks.stream().filter(Sparse.class::isInstance).count();
  }
}
