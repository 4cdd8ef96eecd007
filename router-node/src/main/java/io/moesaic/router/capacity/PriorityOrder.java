package io.moesaic.router.capacity;

import io.moesaic.router.gate.Choices;
import io.moesaic.router.gate.ScoreOrder;
import io.moesaic.router.gate.TokenRows;
import io.moesaic.router.sampling.CounterRandom;
import io.moesaic.tensor.Matrix;
import java.util.Arrays;

/// In which order choices ask for room. Among equals the earlier row goes first, then the lower
/// rank.
///
/// @param choices a choice is known by `row * ranks + rank`
/// @param scores `[rows, experts]`, the gate's
/// @param tokens who the rows are
record PriorityOrder(int layer, Choices choices, Matrix scores, TokenRows tokens) {
  /// Streams of random numbers that one layer may use: more than a token has choices.
  private static final int STREAMS = 1 << 12;

  private interface Key {
    float of(int row, int rank);
  }

  /// @param rows ascending
  /// @return their choices, first come first
  int[] of(CapacityPolicy policy, int[] rows) {
    return switch (policy.priority()) {
      case POSITION -> inOrder(rows);
      case RANK -> byRank(rows);
      case PROBABILITY -> sorted(rows, (row, rank) -> scores.get(row, choices.expert(row, rank)));
      case WEIGHT -> sorted(rows, choices::weight);
      case BATCH_PRIORITIZED -> byRank(bestFirst(rows));
      case RANDOM -> sorted(rows, (row, rank) -> draw(policy.seed(), row, rank));
    };
  }

  private int[] inOrder(int[] rows) {
    var queue = new int[rows.length * choices.ranks()];
    int count = 0;
    for (int row : rows) {
      for (int rank = 0; rank < choices.ranks(); rank++) {
        if (choices.expert(row, rank) != Choices.NONE) {
          queue[count++] = row * choices.ranks() + rank;
        }
      }
    }
    return Arrays.copyOf(queue, count);
  }

  private int[] byRank(int[] rows) {
    var queue = new int[rows.length * choices.ranks()];
    int count = 0;
    for (int rank = 0; rank < choices.ranks(); rank++) {
      for (int row : rows) {
        if (choices.expert(row, rank) != Choices.NONE) {
          queue[count++] = row * choices.ranks() + rank;
        }
      }
    }
    return Arrays.copyOf(queue, count);
  }

  /// Highest key first.
  private int[] sorted(int[] rows, Key key) {
    var queue = inOrder(rows);
    var keys = new long[queue.length];
    for (int i = 0; i < queue.length; i++) {
      int choice = queue[i];
      keys[i] = ScoreOrder.key(key.of(choice / choices.ranks(), choice % choices.ranks()), choice);
    }
    return sorted(keys);
  }

  private int[] bestFirst(int[] rows) {
    var keys = new long[rows.length];
    for (int i = 0; i < rows.length; i++) {
      keys[i] = ScoreOrder.key(bestScore(rows[i]), rows[i]);
    }
    return sorted(keys);
  }

  private static int[] sorted(long[] keys) {
    Arrays.sort(keys);
    var indices = new int[keys.length];
    Arrays.setAll(indices, i -> ScoreOrder.index(keys[i]));
    return indices;
  }

  private float bestScore(int row) {
    float best = Float.NEGATIVE_INFINITY;
    for (int expert = 0; expert < scores.cols(); expert++) {
      best = Math.max(best, scores.get(row, expert));
    }
    return best;
  }

  /// Depends on the token and not on its place in the batch. Streams below 0 are nobody else's.
  private float draw(long seed, int row, int rank) {
    return (float)
        CounterRandom.uniform(
            31 * seed + tokens.seeds()[row], tokens.positions()[row], ~(layer * STREAMS + rank));
  }
}
