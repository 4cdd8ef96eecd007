package io.moesaic.router.gate;

import java.util.Arrays;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/// What routing knows of the rows of a pass beside their activations.
///
/// @param tokens token id of each row, or [#UNKNOWN]
/// @param positions of each row in its sequence; with the seed, where its random numbers come from
/// @param seeds of each row's request
/// @param groups which rows are counted together, against a capacity or by experts that choose: a
///     group number for each row, from 0 on
public record TokenRows(int[] tokens, int[] positions, long[] seeds, int[] groups) {
  /// Stands for the token of an activation that came without one.
  public static final int UNKNOWN = -1;

  public TokenRows {
    if (positions.length != tokens.length
        || seeds.length != tokens.length
        || groups.length != tokens.length) {
      throw new IllegalArgumentException(
          "%d tokens, %d positions, %d seeds, %d groups"
              .formatted(tokens.length, positions.length, seeds.length, groups.length));
    }
  }

  /// Rows of one group, numbered from 0, whose tokens are unknown.
  public static TokenRows anonymous(int count, long seed) {
    var tokens = new int[count];
    Arrays.fill(tokens, UNKNOWN);
    var seeds = new long[count];
    Arrays.fill(seeds, seed);
    return new TokenRows(tokens, IntStream.range(0, count).toArray(), seeds, new int[count]);
  }

  public int count() {
    return tokens.length;
  }

  /// The rows of each group, ascending.
  ///
  /// @param skipped rows to leave out
  public int[][] byGroup(IntPredicate skipped) {
    var sizes = new int[groupCount()];
    for (int row = 0; row < groups.length; row++) {
      sizes[groups[row]] += skipped.test(row) ? 0 : 1;
    }
    var rows = new int[sizes.length][];
    Arrays.setAll(rows, group -> new int[sizes[group]]);
    for (int row = groups.length - 1; row >= 0; row--) {
      if (!skipped.test(row)) {
        rows[groups[row]][--sizes[groups[row]]] = row;
      }
    }
    return rows;
  }

  /// How many groups there are.
  public int groupCount() {
    return Arrays.stream(groups).max().orElse(-1) + 1;
  }
}
