package io.moesaic.router.gate;

import io.moesaic.tensor.Matrix;
import java.util.Arrays;
import java.util.Comparator;

/// Experts that choose tokens, instead of the other way round.
final class ExpertPicks {
  private ExpertPicks() {}

  /// Told of each pick, expert by expert, best rows first.
  interface Picks {
    void picked(int row, int expert);
  }

  /// Each expert picks the rows with its highest scores, the lower row among equals.
  ///
  /// @param scores `[rows, experts]`
  /// @param rows that may be picked, ascending
  /// @param count rows that each expert picks, at most all
  static void pick(Matrix scores, int[] rows, int count, Picks picks) {
    for (int expert = 0; expert < scores.cols(); expert++) {
      int column = expert;
      Arrays.stream(rows)
          .boxed()
          .sorted(Comparator.comparingDouble((Integer row) -> -scores.get(row, column)))
          .limit(count)
          .forEach(row -> picks.picked(row, column));
    }
  }
}
