package io.moesaic.router.gate;

import io.moesaic.tensor.Matrix;
import java.util.Arrays;
import java.util.BitSet;

/// Experts that choose tokens, instead of the other way round.
final class ExpertPicks {
  private ExpertPicks() {}

  /// Each expert picks `ceil(T · factor / E)` of the `T` rows of each group. The experts that
  /// picked a row become its choices, best first.
  ///
  /// @param groups rows that are counted together, ascending
  static void pick(GatedRows gated, int[][] groups, double factor) {
    int experts = gated.scores().cols();
    var picked = new BitSet();
    for (int[] rows : groups) {
      int count = (int) Math.min(rows.length, Math.ceil(rows.length * factor / experts));
      for (int expert = 0; expert < experts; expert++) {
        for (int row : best(gated.scores(), expert, rows, count)) {
          picked.set(row * experts + expert);
        }
      }
    }
    gated.each(row -> take(gated, row, picked));
  }

  /// The rows with an expert's highest scores, best first, the lower row among equals.
  ///
  /// @param scores `[rows, experts]`
  static int[] best(Matrix scores, int expert, int[] rows, int count) {
    var keys = new long[rows.length];
    for (int i = 0; i < rows.length; i++) {
      keys[i] = ScoreOrder.key(scores.get(rows[i], expert), rows[i]);
    }
    Arrays.sort(keys);
    var best = new int[count];
    Arrays.setAll(best, i -> ScoreOrder.index(keys[i]));
    return best;
  }

  private static void take(GatedRows gated, int row, BitSet picked) {
    int experts = gated.scores().cols();
    var keys = new long[experts];
    int count = 0;
    for (int expert = 0; expert < experts; expert++) {
      if (picked.get(row * experts + expert)) {
        keys[count++] = ScoreOrder.key(gated.scores().get(row, expert), expert);
      }
    }
    Arrays.sort(keys, 0, count);
    for (int rank = 0; rank < count; rank++) {
      int expert = ScoreOrder.index(keys[rank]);
      gated.set(row, rank, expert, gated.scores().get(row, expert));
    }
  }
}
