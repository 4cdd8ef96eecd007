package io.moesaic.tensor.ffn;

import io.moesaic.tensor.Weight;

/// One product of a block as a checkpoint holds it: `x · weightᵀ + bias`.
///
/// @param bias one value for each output; empty when none is added
public record Linear(Weight weight, float[] bias) {
  public Linear {
    if (bias.length != 0 && bias.length != weight.outputs()) {
      throw new IllegalArgumentException(
          "the bias of \"%s\" has %d values, but %d outputs"
              .formatted(weight.name(), bias.length, weight.outputs()));
    }
  }

  /// A product of some of the outputs: every `step`-th from `first` on, `count` of them.
  Linear rows(int first, int step, int count) {
    var some = new float[bias.length == 0 ? 0 : count];
    for (int i = 0; i < some.length; i++) {
      some[i] = bias[first + i * step];
    }
    return new Linear(weight.rows(first, step, count), some);
  }

  /// A product without a bias.
  public static Linear of(Weight weight) {
    return new Linear(weight, new float[0]);
  }
}
