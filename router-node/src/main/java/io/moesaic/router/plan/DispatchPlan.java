package io.moesaic.router.plan;

import io.moesaic.router.gate.Choices;
import io.moesaic.router.placement.Placement;
import java.util.Arrays;
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
    var hosts = hosts(choices, placement, layer, skipped);
    var drafts = HostDraft.of(hosts, columns, choices.weighsInput());
    var batchOf = new int[hosts.length];
    var slotOf = new int[hosts.length];
    for (int at = 0; at < hosts.length; at++) {
      batchOf[at] = -1;
      if (hosts[at] != Placement.NO_HOST) {
        int row = at / ranks;
        int rank = at % ranks;
        var draft = drafts.get(hosts[at]);
        batchOf[at] = draft.index();
        slotOf[at] = draft.add(row, choices.expert(row, rank), choices.weight(row, rank));
      }
    }
    return new DispatchPlan(HostDraft.batches(drafts), batchOf, slotOf, ranks);
  }

  /// The host of each choice, or [Placement#NO_HOST] for what is not sent.
  private static int[] hosts(
      Choices choices, Placement placement, int layer, IntPredicate skipped) {
    int ranks = choices.ranks();
    var hosts = new int[choices.rows() * ranks];
    Arrays.fill(hosts, Placement.NO_HOST);
    for (int row = 0; row < choices.rows(); row++) {
      if (skipped.test(row) || missingRank(choices, placement, layer, row) >= 0) {
        continue;
      }
      for (int rank = 0; rank < ranks; rank++) {
        if (choices.expert(row, rank) != Choices.NONE) {
          hosts[row * ranks + rank] = placement.host(layer, choices.expert(row, rank));
        }
      }
    }
    return hosts;
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
