package io.moesaic.router.trunk;

import io.moesaic.tensor.ffn.FeedForward;
import java.util.List;

/// The feed-forward block of a layer.
sealed interface Block {
  /// An MoE block, which is not the trunk's business.
  ///
  /// @param moeLayer its number among the MoE blocks, from 0
  record Sparse(int moeLayer) implements Block {}

  /// One feed-forward block for all tokens.
  record Dense(FeedForward feedForward) implements Block {}

  /// How many of the blocks have experts.
  static int sparse(List<Block> blocks) {
    return (int) blocks.stream().filter(Sparse.class::isInstance).count();
  }
}
