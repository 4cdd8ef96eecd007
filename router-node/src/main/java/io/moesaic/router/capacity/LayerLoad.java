package io.moesaic.router.capacity;

import java.util.Arrays;

/// How one layer's experts were loaded.
///
/// @param offered choices by expert that the gate chose
/// @param accepted choices by expert that were admitted to it
/// @param dropped choices by expert that were offered to it and went nowhere
/// @param rerouted choices by expert that were admitted to it instead of another
/// @param droppedByRank by rank of the choice
/// @param paddedFraction of the places that capacities offered, the share that stayed empty
/// @param massDropped of the sum of all weights, the share that was dropped
public record LayerLoad(
    int layer,
    long[] offered,
    long[] accepted,
    long[] dropped,
    long[] rerouted,
    long[] droppedByRank,
    double paddedFraction,
    double massDropped) {
  public MoeTotals totals() {
    return new MoeTotals(sum(offered), sum(accepted), sum(dropped), sum(rerouted));
  }

  /// The fullest expert's offered choices over the mean; 1 is even. 0 when there were none.
  public double maxOverMean() {
    long sum = sum(offered);
    return sum == 0 ? 0 : Arrays.stream(offered).max().orElse(0) * (double) offered.length / sum;
  }

  /// The Gini coefficient of the offered choices: 0 is even, towards 1 one expert has all.
  public double gini() {
    var sorted = offered.clone();
    Arrays.sort(sorted);
    double weighted = 0;
    for (int i = 0; i < sorted.length; i++) {
      weighted += (2.0 * (i + 1) - sorted.length - 1) * sorted[i];
    }
    long sum = sum(offered);
    return sum == 0 ? 0 : weighted / (sorted.length * (double) sum);
  }

  private static long sum(long[] values) {
    return Arrays.stream(values).sum();
  }
}
