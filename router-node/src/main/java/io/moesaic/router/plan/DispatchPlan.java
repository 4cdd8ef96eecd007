package io.moesaic.router.plan;

import io.moesaic.router.gate.Choices;
import io.moesaic.router.placement.Placement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.Collections;
import java.util.List;
import java.util.function.IntPredicate;

/// What each host computes of one layer, and where each choice's result will be found.
///
/// ```
///   choices   row 0: 4, 7   row 1: 7, 2   row 2: 2, 4        hosts   A: 2, 4   B: 7
///   batches   A: row 0 [4], row 1 [2], row 2 [2, 4]          B: row 0 [7], row 1 [7]
///   slots     A: 0 = 0.4   1 = 1.2   2 = 2.2   3 = 2.4       B: 0 = 0.7   1 = 1.7
///   inverse   row 0: A0, B0   row 1: B1, A1   row 2: A2, A3
/// ```
/// A row goes to a host once, however many of its experts are there, unless they are more than a
/// batch has columns for, or each is given the row with a weight of its own. Results come back as
/// slots, in the order of the batch: rows first, then the ranks of a row.
public final class DispatchPlan {
  private final List<HostBatch> batches;
  private final int[] batchOf;
  private final int[] slotOf;
  private final int ranks;

  private DispatchPlan(List<HostBatch> batches, int[] batchOf, int[] slotOf, int ranks) {
    this.batches = batches;
    this.batchOf = batchOf;
    this.slotOf = slotOf;
    this.ranks = ranks;
  }

  /// The rows of one host.
  ///
  /// @param rows which rows of the layer's input are sent, ascending
  /// @param scales by which each row is multiplied; empty for not at all
  /// @param experts `[rows, columns]`: the row's experts on this host by rank, then [Choices#NONE]
  /// @param slots rows of the reply
  public record HostBatch(int host, int[] rows, float[] scales, int[] experts, int slots) {}

  /// Plans all rows but those that `skipped` names and those that need an expert which no host
  /// serves.
  ///
  /// @param columns most experts of a row of a batch
  public static DispatchPlan of(
      Choices choices, Placement placement, int layer, int columns, IntPredicate skipped) {
    int ranks = choices.ranks();
    var hostOf = new int[choices.rows() * ranks];
    Arrays.fill(hostOf, Placement.NO_HOST);
    var hosts = new BitSet();
    for (int row = 0; row < choices.rows(); row++) {
      if (skipped.test(row) || missingRank(choices, placement, layer, row) >= 0) {
        continue;
      }
      for (int rank = 0; rank < ranks; rank++) {
        if (choices.expert(row, rank) != Choices.NONE) {
          int host = placement.host(layer, choices.expert(row, rank));
          hostOf[row * ranks + rank] = host;
          hosts.set(host);
        }
      }
    }
    var batchOf = new int[hostOf.length];
    var slotOf = new int[hostOf.length];
    Arrays.fill(batchOf, -1);
    List<HostBatch> batches = new ArrayList<>();
    for (int host = hosts.nextSetBit(0); host >= 0; host = hosts.nextSetBit(host + 1)) {
      batches.add(batch(choices, hostOf, host, columns, batches.size(), batchOf, slotOf));
    }
    return new DispatchPlan(Collections.unmodifiableList(batches), batchOf, slotOf, ranks);
  }

  /// The first rank of a row whose expert has no host, or -1.
  public static int missingRank(Choices choices, Placement placement, int layer, int row) {
    for (int rank = 0; rank < choices.ranks(); rank++) {
      int expert = choices.expert(row, rank);
      if (expert != Choices.NONE && placement.host(layer, expert) == Placement.NO_HOST) {
        return rank;
      }
    }
    return -1;
  }

  private static HostBatch batch(
      Choices choices,
      int[] hostOf,
      int host,
      int columns,
      int index,
      int[] batchOf,
      int[] slotOf) {
    int perRow = choices.weighsInput() ? 1 : columns;
    int most = choices.rows() * choices.ranks();
    var rows = new int[most];
    var scales = new float[most];
    var experts = new int[most * columns];
    Arrays.fill(experts, Choices.NONE);
    int count = 0;
    int slots = 0;
    for (int row = 0; row < choices.rows(); row++) {
      int placed = perRow;
      for (int rank = 0; rank < choices.ranks(); rank++) {
        int at = row * choices.ranks() + rank;
        if (hostOf[at] != host) {
          continue;
        }
        if (placed == perRow) {
          rows[count] = row;
          scales[count++] = choices.weight(row, rank);
          placed = 0;
        }
        experts[(count - 1) * columns + placed++] = choices.expert(row, rank);
        batchOf[at] = index;
        slotOf[at] = slots++;
      }
    }
    return new HostBatch(
        host,
        Arrays.copyOf(rows, count),
        Arrays.copyOf(scales, choices.weighsInput() ? count : 0),
        Arrays.copyOf(experts, count * columns),
        slots);
  }

  /// One batch for each host that has work, by host number.
  public List<HostBatch> batches() {
    return batches;
  }

  /// Which batch a choice is in, or -1 when it is not dispatched.
  public int batchOf(int row, int rank) {
    return batchOf[row * ranks + rank];
  }

  /// The row of that batch's reply that holds the choice's result.
  public int slotOf(int row, int rank) {
    return slotOf[row * ranks + rank];
  }
}
