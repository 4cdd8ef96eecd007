package io.moesaic.tensor.ffn;

/// What an expert, a shared expert or a dense layer computes from a token's activation.
public sealed interface FeedForward {
  /// Width of the input and of the output.
  int hidden();

  /// Width in between.
  int intermediate();

  /// `down(silu(gate(x)) · up(x))` (Shazeer 2020, "GLU Variants Improve Transformer"; Mixtral,
  /// Qwen, OLMoE, DeepSeek).
  record SwiGlu(int hidden, int intermediate) implements FeedForward {
    public SwiGlu {
      if (hidden < 1 || intermediate < 1) {
        throw new IllegalArgumentException(
            "a feed-forward block is %d wide and %d in between, both must be at least 1"
                .formatted(hidden, intermediate));
      }
    }
  }
}
