package io.moesaic.router.trunk;

/// The attention of a model: its dimensions and its variant.
sealed interface AttentionConfig {
  /// Width of the part of a query or key that is turned by its position, even.
  int rotated();

  /// What a position keeps in memory.
  KvLayout kept(int layers);

  /// Query heads in groups that share a key and a value each (Ainslie et al. 2023, "GQA").
  ///
  /// @param heads query heads
  /// @param kvHeads key-value heads, each shared by `heads / kvHeads` query heads
  /// @param headDim width of a head
  /// @param scale times the scores
  /// @param biases of the projections
  /// @param norm of queries and keys
  /// @param clip bound of the absolute values of queries, keys and values; infinite for none
  /// @param sinks whether each head has a logit that takes part in the softmax and stands for no
  ///     position (Xiao et al. 2023, "Attention Sinks"; here it is learned)
  record Grouped(
      int heads,
      int kvHeads,
      int headDim,
      float scale,
      Biases biases,
      HeadNorm norm,
      float clip,
      boolean sinks)
      implements AttentionConfig {
    /// Plain attention: no biases, no norms, scores over the root of the width.
    static Grouped plain(int heads, int kvHeads, int headDim) {
      return new Grouped(
          heads,
          kvHeads,
          headDim,
          (float) (1 / Math.sqrt(headDim)),
          Biases.NONE,
          HeadNorm.NONE,
          Float.POSITIVE_INFINITY,
          false);
    }

    Grouped withScale(float other) {
      return new Grouped(heads, kvHeads, headDim, other, biases, norm, clip, sinks);
    }

    Grouped withBiases(Biases other) {
      return new Grouped(heads, kvHeads, headDim, scale, other, norm, clip, sinks);
    }

    Grouped withNorm(HeadNorm other) {
      return new Grouped(heads, kvHeads, headDim, scale, biases, other, clip, sinks);
    }

    Grouped withClip(float other) {
      return new Grouped(heads, kvHeads, headDim, scale, biases, norm, other, sinks);
    }

    Grouped withSinks() {
      return new Grouped(heads, kvHeads, headDim, scale, biases, norm, clip, true);
    }

    /// Query heads that share a key-value head.
    int group() {
      return heads / kvHeads;
    }

    /// Width of the queries of all heads.
    int queries() {
      return heads * headDim;
    }

    /// Width of the keys of all heads, and of the values.
    int keys() {
      return kvHeads * headDim;
    }

    @Override
    public int rotated() {
      return headDim;
    }

    @Override
    public KvLayout kept(int layers) {
      return new KvLayout(layers, kvHeads, headDim, headDim);
    }
  }

  /// Which projections add a bias.
  enum Biases {
    NONE,
    /// Queries, keys and values.
    INPUTS,
    /// Queries, keys, values and the output.
    ALL
  }

  /// Root mean square norms of queries and keys, before they are turned.
  enum HeadNorm {
    NONE,
    /// Each head by itself.
    EACH,
    /// All heads together.
    WHOLE
  }

  /// Attention over a latent that all heads share and from which each makes its keys and values
  /// (DeepSeek-AI 2024, "DeepSeek-V2", 2.1).
  ///
  /// @param heads query heads
  /// @param queryRank width of the compressed queries; 0 when they are not compressed
  /// @param latent width of the compressed keys and values
  /// @param plain width of a head's query and key that position does not turn
  /// @param rotated width of the part that it does; one key for all heads
  /// @param value width of a head's value
  /// @param scale times the scores
  /// @param bias whether the compressions and the output add one
  /// @param interleaved whether the checkpoint has the pairs that are turned together side by side,
  ///     not half a head apart
  record Latent(
      int heads,
      int queryRank,
      int latent,
      int plain,
      int rotated,
      int value,
      float scale,
      boolean bias,
      boolean interleaved)
      implements AttentionConfig {
    /// Width of a head's query.
    int query() {
      return plain + rotated;
    }

    /// Width of what a position keeps for all heads: the latent and the turned key.
    int key() {
      return latent + rotated;
    }

    @Override
    public KvLayout kept(int layers) {
      return new KvLayout(layers, 1, key(), 0);
    }
  }
}
