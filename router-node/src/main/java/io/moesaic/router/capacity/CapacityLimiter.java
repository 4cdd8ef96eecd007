package io.moesaic.router.capacity;

import io.moesaic.router.capacity.CapacityPolicy.Overflow;
import io.moesaic.router.capacity.CapacityPolicy.Priority;
import io.moesaic.router.capacity.CapacityPolicy.Renormalize;
import io.moesaic.router.gate.Choices;
import io.moesaic.router.gate.Gating;
import io.moesaic.router.gate.TokenRows;
import io.moesaic.router.placement.Placement;
import io.moesaic.tensor.Matrix;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.List;
import java.util.function.IntPredicate;

/// Admits choices to experts until they are full:
///
/// ```
///   order     a group's choices by priority
///   admit     each to its expert while there is room
///   overflow  the others: dropped, or to another expert that has room then
///   weights   of what is left: as they were, or divided by their sum
/// ```
/// A choice never loses its place to one that was rerouted. One object serves one batch.
public final class CapacityLimiter {
  private final int layer;
  private final Gating gating;
  private final Placement placement;
  private final Choices offered;
  private final Choices admitted;
  private final int ranks;
  private final int experts;
  private final int[] slots;

  private CapacityLimiter(int layer, Gating gating, Placement placement) {
    this.layer = layer;
    this.gating = gating;
    this.placement = placement;
    offered = gating.choices();
    admitted = offered.copy();
    ranks = offered.ranks();
    experts = gating.scores().cols();
    slots = new int[offered.rows() * ranks];
  }

  /// @param limits the capacity of each group of rows
  /// @param placement who hosts what, for limits per node and overflow to local experts
  /// @param skipped rows that take no part
  public static Admission admit(
      int layer,
      Gating gating,
      TokenRows rows,
      List<CapacityPolicy> limits,
      Placement placement,
      IntPredicate skipped) {
    if (limits.stream().noneMatch(CapacityPolicy::limits)) {
      return Admission.ofAll(gating.choices());
    }
    var limiter = new CapacityLimiter(layer, gating, placement);
    long places = 0;
    for (int group = 0; group < limits.size(); group++) {
      if (limits.get(group).limits()) {
        var members = Arrays.stream(rows.ofGroup(group)).filter(r -> !skipped.test(r)).toArray();
        places += limiter.limit(limits.get(group), members);
      }
    }
    return new Admission(limiter.offered, limiter.admitted, limiter.slots, places);
  }

  /// @return how many choices the layer's experts take, 0 for no limit
  private long limit(CapacityPolicy policy, int[] rows) {
    if (policy.renormalize() == Renormalize.BEFORE) {
      divideBySum(rows);
    }
    var queue = PriorityOrder.of(policy, layer, gating, rows);
    int capacity = policy.rule(layer).capacity(rows.length, experts, ranks, fullest(queue));
    var room = Room.of(policy.per(), capacity, placement, layer, experts);
    var refused = admit(queue, room);
    if (policy.priority() == Priority.PROBABILITY) {
      numberByPosition(rows);
    }
    for (int choice : refused) {
      overflow(policy.overflow(), choice, room);
    }
    if (policy.renormalize() == Renormalize.AFTER) {
      divideBySum(rows);
    }
    return capacity == CapacityRule.UNLIMITED ? 0 : (long) capacity * experts;
  }

  /// Choices of the expert that has most.
  private int fullest(int[] queue) {
    var loads = new int[experts];
    for (int choice : queue) {
      loads[expert(choice)]++;
    }
    return Arrays.stream(loads).max().orElse(0);
  }

  private int expert(int choice) {
    return offered.expert(choice / ranks, choice % ranks);
  }

  /// Admits what finds room, and takes its expert from the rest.
  ///
  /// @return the rest, in the order of the queue
  private List<Integer> admit(int[] queue, Room room) {
    List<Integer> refused = new ArrayList<>();
    var lengths = new int[experts];
    for (int choice : queue) {
      int expert = expert(choice);
      slots[choice] = lengths[expert]++;
      if (!room.take(expert)) {
        admitted.set(choice / ranks, choice % ranks, Choices.NONE, 0);
        refused.add(choice);
      }
    }
    return refused;
  }

  private void numberByPosition(int[] rows) {
    var accepted = new int[experts];
    for (int row : rows) {
      for (int rank = 0; rank < ranks; rank++) {
        int expert = admitted.expert(row, rank);
        if (expert != Choices.NONE) {
          slots[row * ranks + rank] = accepted[expert]++;
        }
      }
    }
  }

  private void overflow(Overflow overflow, int choice, Room room) {
    int row = choice / ranks;
    var allowed =
        switch (overflow) {
          case DROP, NONE -> new BitSet();
          case NEXT_CHOICE -> all();
          case LOCAL -> local(row);
        };
    for (int rank = 0; rank < ranks; rank++) {
      if (offered.expert(row, rank) != Choices.NONE) {
        allowed.clear(offered.expert(row, rank));
      }
      if (admitted.expert(row, rank) != Choices.NONE) {
        allowed.clear(admitted.expert(row, rank));
      }
    }
    for (int expert = best(row, allowed); expert >= 0; expert = best(row, allowed)) {
      if (room.take(expert)) {
        admitted.set(row, choice % ranks, expert, weight(row, expert));
        return;
      }
      allowed.clear(expert);
    }
  }

  private BitSet all() {
    var all = new BitSet(experts);
    all.set(0, experts);
    return all;
  }

  /// Experts on the nodes that the row goes to.
  private BitSet local(int row) {
    var hosts = new BitSet();
    for (int rank = 0; rank < ranks; rank++) {
      int expert = admitted.expert(row, rank);
      if (expert != Choices.NONE && placement.host(layer, expert) != Placement.NO_HOST) {
        hosts.set(placement.host(layer, expert));
      }
    }
    var local = new BitSet(experts);
    for (int expert = 0; expert < experts; expert++) {
      int host = placement.host(layer, expert);
      local.set(expert, host != Placement.NO_HOST && hosts.get(host));
    }
    return local;
  }

  /// The expert that the row likes best, or -1.
  private int best(int row, BitSet allowed) {
    int best = -1;
    float highest = Float.NEGATIVE_INFINITY;
    for (int expert = allowed.nextSetBit(0); expert >= 0; expert = allowed.nextSetBit(expert + 1)) {
      float preference = gating.preference().get(row, expert);
      if (preference > highest) {
        highest = preference;
        best = expert;
      }
    }
    return best;
  }

  /// The weight that the routing policy would have given: in proportion to the gate's score, as
  // that
  /// of the row's strongest choice.
  private float weight(int row, int expert) {
    Matrix scores = gating.scores();
    float strongest = 0;
    float weight = 0;
    for (int rank = 0; rank < ranks; rank++) {
      int chosen = offered.expert(row, rank);
      if (chosen != Choices.NONE && scores.get(row, chosen) > strongest) {
        strongest = scores.get(row, chosen);
        weight = offered.weight(row, rank);
      }
    }
    return strongest == 0 ? 0 : scores.get(row, expert) / strongest * weight;
  }

  private void divideBySum(int[] rows) {
    for (int row : rows) {
      float sum = 0;
      for (int rank = 0; rank < ranks; rank++) {
        sum += admitted.weight(row, rank);
      }
      for (int rank = 0; rank < ranks && sum > 0; rank++) {
        admitted.set(row, rank, admitted.expert(row, rank), admitted.weight(row, rank) / sum);
      }
    }
  }
}
