package io.moesaic.router.capacity;

import io.moesaic.router.gate.Choices;
import io.moesaic.router.gate.Gating;
import io.moesaic.router.sampling.CounterRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.function.ToDoubleFunction;

/// In which order choices ask for room.
final class PriorityOrder {
  private PriorityOrder() {}

  /// @param rows ascending
  /// @return choices as `row * ranks + rank`, first come first
  static int[] of(CapacityPolicy policy, int layer, Gating gating, int[] rows) {
    var choices = gating.choices();
    int ranks = choices.ranks();
    List<Integer> order = new ArrayList<>();
    for (int row : rows) {
      for (int rank = 0; rank < ranks; rank++) {
        if (choices.expert(row, rank) != Choices.NONE) {
          order.add(row * ranks + rank);
        }
      }
    }
    Comparator<Integer> byRank = Comparator.comparingInt(choice -> choice % ranks);
    // Sorting is stable: what is equal stays in the order of positions.
    switch (policy.priority()) {
      case POSITION -> {}
      case RANK -> order.sort(byRank);
      case PROBABILITY -> order.sort(descending(choice -> score(gating, choice, ranks)));
      case BATCH_PRIORITIZED ->
          order.sort(byRank.thenComparing(descending(choice -> bestScore(gating, choice / ranks))));
      case RANDOM ->
          order.sort(descending(choice -> draw(policy.seed(), layer, choice, rows, ranks)));
    }
    return order.stream().mapToInt(Integer::intValue).toArray();
  }

  private static Comparator<Integer> descending(ToDoubleFunction<Integer> key) {
    return Comparator.comparingDouble((Integer choice) -> -key.applyAsDouble(choice));
  }

  private static double score(Gating gating, int choice, int ranks) {
    int row = choice / ranks;
    return gating.scores().get(row, gating.choices().expert(row, choice % ranks));
  }

  /// By the row's place among those that are counted with it, wherever they are in the batch.
  private static double draw(long seed, int layer, int choice, int[] rows, int ranks) {
    int place = Arrays.binarySearch(rows, choice / ranks);
    return CounterRandom.uniform(seed, place * ranks + choice % ranks, layer);
  }

  private static double bestScore(Gating gating, int row) {
    double best = 0;
    for (int expert = 0; expert < gating.scores().cols(); expert++) {
      best = Math.max(best, gating.scores().get(row, expert));
    }
    return best;
  }
}
