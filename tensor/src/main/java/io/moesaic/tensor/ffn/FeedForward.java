package io.moesaic.tensor.ffn;

/// What an expert, a shared expert or a dense layer computes from a token's activation.
public sealed interface FeedForward {
  /// Width of the input and of the output.
  int hidden();

  /// Width in between.
  int intermediate();

  /// Whether a bias is added to every product.
  boolean biased();

  /// `down(silu(gate(x)) · up(x))` (Shazeer 2020, "GLU Variants Improve Transformer"; Mixtral,
  /// Qwen, OLMoE, DeepSeek, Granite).
  record SwiGlu(int hidden, int intermediate) implements FeedForward {
    public SwiGlu {
      checkWidths(hidden, intermediate);
    }

    @Override
    public boolean biased() {
      return false;
    }
  }

  /// `down(relu(up(x)))` (Switch Transformers, where these are `wo` and `wi`).
  record Relu(int hidden, int intermediate, boolean biased) implements FeedForward {
    public Relu {
      checkWidths(hidden, intermediate);
    }
  }

  /// `down((up + 1) · gate · sigmoid(alpha · gate))`, where `gate` is `gate(x)` limited to at most
  /// `limit` and `up` is `up(x)` limited to `-limit .. limit` (gpt-oss).
  record ClampedSwiGlu(int hidden, int intermediate, float limit, float alpha)
      implements FeedForward {
    public ClampedSwiGlu {
      checkWidths(hidden, intermediate);
      if (!(limit > 0)) {
        throw new IllegalArgumentException(
            "a feed-forward block clamps at " + limit + ", the limit must be greater than 0");
      }
    }

    @Override
    public boolean biased() {
      return true;
    }
  }

  private static void checkWidths(int hidden, int intermediate) {
    if (hidden < 1 || intermediate < 1) {
      throw new IllegalArgumentException(
          "a feed-forward block is %d wide and %d in between, both must be at least 1"
              .formatted(hidden, intermediate));
    }
  }
}
