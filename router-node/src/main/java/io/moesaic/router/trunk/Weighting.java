package io.moesaic.router.trunk;

import java.util.Collections;
import java.util.List;

/// How the scores of a query become the weights of a sum: by softmax, after this.
sealed interface Weighting {
  /// All scores are multiplied by `scale`.
  record Scaled(float scale) implements Weighting {}

  /// The same, and a further score takes part that stands for no position (Xiao et al. 2023,
  /// "Attention Sinks").
  ///
  /// @param scores one for each of a row's queries
  record WithSinks(float scale, float[] scores) implements Weighting {}

  /// A bias by how far the positions are apart is added, as the head has it.
  record Biased(RelativeBias bias, int head) implements Weighting {}

  /// One weighting for all key-value heads.
  static List<Weighting> same(Weighting weighting, AttentionConfig.Grouped heads) {
    return Collections.nCopies(heads.kvHeads(), weighting);
  }
}
