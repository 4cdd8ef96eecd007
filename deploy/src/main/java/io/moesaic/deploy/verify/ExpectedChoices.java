package io.moesaic.deploy.verify;

import io.moesaic.tensor.Tensor;
import java.util.HashSet;
import java.util.Set;

/// The experts that a reference gave to the token rows of a MoE block.
sealed interface ExpectedChoices {
  /// The row's experts: fewer than its token asked for, if some were full.
  Set<Integer> of(int row);

  /// Experts by their numbers, `[rows, k]`.
  record Numbers(Tensor tensor) implements ExpectedChoices {
    @Override
    public Set<Integer> of(int row) {
      long k = tensor.shape().dim(1);
      Set<Integer> experts = new HashSet<>();
      for (int rank = 0; rank < k; rank++) {
        experts.add((int) tensor.getLong(row * k + rank));
      }
      return experts;
    }
  }

  /// Whether each expert has the token: 1 or 0, `[rows, experts]`.
  record Mask(Tensor tensor) implements ExpectedChoices {
    @Override
    public Set<Integer> of(int row) {
      long count = tensor.shape().dim(1);
      Set<Integer> experts = new HashSet<>();
      for (int expert = 0; expert < count; expert++) {
        if (tensor.getLong(row * count + expert) == 1) {
          experts.add(expert);
        }
      }
      return experts;
    }
  }
}
