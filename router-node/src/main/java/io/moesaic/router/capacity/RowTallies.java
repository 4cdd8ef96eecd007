package io.moesaic.router.capacity;

import io.moesaic.router.gate.Choices;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;

/// What became of each row's choices, over the layers of one pass. For one thread.
public final class RowTallies {
  private final int[] offered;
  private final int[] dropped;
  private final int[] rerouted;
  private final BitSet recorded;
  private final List<Choices> layers = new ArrayList<>();

  /// @param recorded rows whose experts are wanted
  public RowTallies(int rows, BitSet recorded) {
    offered = new int[rows];
    dropped = new int[rows];
    rerouted = new int[rows];
    this.recorded = recorded;
  }

  public RowTallies(int rows) {
    this(rows, new BitSet());
  }

  /// Adds a layer.
  public void add(Admission admission) {
    var choices = admission.offered();
    for (int row = 0; row < choices.rows(); row++) {
      for (int rank = 0; rank < choices.ranks(); rank++) {
        if (choices.expert(row, rank) != Choices.NONE) {
          offered[row]++;
          dropped[row] += admission.dropped(row, rank) ? 1 : 0;
          rerouted[row] += admission.rerouted(row, rank) ? 1 : 0;
        }
      }
    }
    if (!recorded.isEmpty()) {
      layers.add(admission.admitted());
    }
  }

  /// The sum over consecutive rows.
  public MoeTotals totals(int firstRow, int count) {
    var sum = MoeTotals.NONE;
    for (int row = firstRow; row < firstRow + count; row++) {
      int accepted = offered[row] - dropped[row] - rerouted[row];
      sum = sum.plus(new MoeTotals(offered[row], accepted, dropped[row], rerouted[row]));
    }
    return sum;
  }

  /// The experts that a recorded row went to: `[layers, ranks]`, [Choices#NONE] for those that were
  /// dropped.
  public int[] experts(int row) {
    int ranks = layers.isEmpty() ? 0 : layers.getFirst().ranks();
    var experts = new int[layers.size() * ranks];
    for (int layer = 0; layer < layers.size(); layer++) {
      for (int rank = 0; rank < ranks; rank++) {
        experts[layer * ranks + rank] = layers.get(layer).expert(row, rank);
      }
    }
    return experts;
  }
}
