package io.moesaic.router.layer;

import io.moesaic.router.gate.Choices;
import io.moesaic.router.gate.Gating;
import io.moesaic.tensor.Matrix;
import io.moesaic.wire.LayerBatch;
import io.moesaic.wire.WireException;
import java.util.Arrays;
import java.util.BitSet;

/// What somebody else's gate has decided, as if it were ours: the weights stand for the scores.
final class GivenChoices {
  private GivenChoices() {}

  /// @param experts of the layer
  /// @param weighsInput whether weights scale what experts are given
  /// @throws WireException naming the first row with an expert that is not there or that it has
  ///     already, or with a weight that is no number
  static Gating read(LayerBatch batch, int experts, boolean weighsInput) throws WireException {
    int ranks = batch.schema().expertsPerRow();
    var chosen = new int[batch.rows() * ranks];
    var weights = new float[chosen.length];
    var scores = Matrix.allocate(batch.rows(), experts);
    var preference = Matrix.allocate(batch.rows(), experts);
    Arrays.fill(preference.data(), Float.NEGATIVE_INFINITY);
    for (int row = 0; row < batch.rows(); row++) {
      var seen = new BitSet(experts);
      for (int rank = 0; rank < ranks; rank++) {
        // Read once: the value that is checked is the value that is used.
        int expert = batch.expert(row, rank);
        chosen[row * ranks + rank] = expert;
        if (expert != Choices.NONE) {
          float weight = batch.weight(row, rank);
          check(row, rank, expert, experts, seen, weight);
          weights[row * ranks + rank] = weight;
          scores.set(row, expert, weight);
          preference.set(row, expert, weight);
        }
      }
    }
    var choices = new Choices(batch.rows(), ranks, chosen, weights, weighsInput);
    return new Gating(choices, scores, preference);
  }

  private static void check(int row, int rank, int expert, int experts, BitSet seen, float weight)
      throws WireException {
    if (expert < 0 || expert >= experts) {
      throw WireException.invalid(
          "expert[%d][%d]".formatted(row, rank),
          "is %d, must be from 0 to %d, or -1 for none".formatted(expert, experts - 1));
    }
    if (seen.get(expert)) {
      throw WireException.invalid(
          "expert[%d][%d]".formatted(row, rank),
          "is %d, which the row names already".formatted(expert));
    }
    seen.set(expert);
    if (!Float.isFinite(weight)) {
      throw WireException.invalid(
          "weight[%d][%d]".formatted(row, rank), "is %s, must be finite".formatted(weight));
    }
  }
}
