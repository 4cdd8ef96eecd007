package io.moesaic.router.capacity;

import io.moesaic.router.capacity.CapacityPolicy.Overflow;
import io.moesaic.router.capacity.CapacityPolicy.Per;
import io.moesaic.router.capacity.CapacityPolicy.Priority;
import io.moesaic.router.capacity.CapacityPolicy.Renormalize;
import io.moesaic.router.capacity.CapacityPolicy.Scope;
import io.moesaic.router.gate.Choices;
import io.moesaic.router.gate.Gating;
import io.moesaic.router.gate.TokenRows;
import io.moesaic.router.placement.Placement;
import java.util.Arrays;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
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
  private final Placement placement;
  private final Choices offered;
  private final Choices admitted;
  private final int ranks;
  private final int experts;
  private final PriorityOrder order;
  private final Rerouting rerouting;
  private final int[] slots;
  private final int[] counts;
  private final int[] fresh;
  private final Map<Per, Room> rooms = new EnumMap<>(Per.class);

  /// @param asked the gate's choices, with the weights before any is dropped
  private CapacityLimiter(
      int layer, Gating gating, Choices asked, TokenRows tokens, Placement placement) {
    this.layer = layer;
    this.placement = placement;
    offered = gating.choices();
    admitted = asked.copy();
    ranks = offered.ranks();
    experts = gating.scores().cols();
    order = new PriorityOrder(layer, asked, gating.scores(), tokens);
    rerouting = new Rerouting(layer, gating, asked, placement);
    slots = new int[offered.rows() * ranks];
    Arrays.fill(slots, Admission.NO_SLOT);
    counts = new int[experts];
    fresh = new int[experts];
  }

  /// @param rows the capacity of each group is in them, and the places that it has taken before
  /// @param placement who hosts what, for limits per node and overflow to local experts
  /// @param skipped rows that take no part
  public static Admission admit(
      int layer, Gating gating, StepRows rows, Placement placement, IntPredicate skipped) {
    var limits = rows.limits();
    if (limits.stream().noneMatch(CapacityPolicy::limits)) {
      return Admission.ofAll(gating.choices());
    }
    int[][] groups = rows.tokens().byGroup(skipped);
    var asked = normalized(gating.choices(), limits, groups);
    var limiter = new CapacityLimiter(layer, gating, asked, rows.tokens(), placement);
    long places = 0;
    for (int group = 0; group < groups.length; group++) {
      if (limits.get(group).limits()) {
        places += limiter.limit(limits.get(group), groups[group], rows.taken().get(group));
      }
    }
    return new Admission(limiter.offered, limiter.admitted, limiter.slots, places);
  }

  /// The choices with the weights of [Renormalize#BEFORE].
  private static Choices normalized(Choices choices, List<CapacityPolicy> limits, int[][] groups) {
    if (limits.stream().noneMatch(policy -> divides(policy, Renormalize.BEFORE))) {
      return choices;
    }
    var normalized = choices.copy();
    for (int group = 0; group < groups.length; group++) {
      if (divides(limits.get(group), Renormalize.BEFORE)) {
        for (int row : groups[group]) {
          normalized.divideBySum(row);
        }
      }
    }
    return normalized;
  }

  private static boolean divides(CapacityPolicy policy, Renormalize when) {
    return policy.limits() && policy.renormalize() == when;
  }

  /// @return how many choices the layer's experts take, 0 for no limit and for places that were
  ///     told of before
  private long limit(CapacityPolicy policy, int[] rows, PlacesTaken before) {
    var queue = order.of(policy, rows);
    int capacity = policy.rule(layer).capacity(rows.length, experts, ranks, fullest(queue));
    boolean limited = capacity != CapacityRule.UNLIMITED;
    boolean whole = policy.scope() == Scope.WHOLE_SEQUENCE;
    boolean told = whole && !before.isNew(layer);
    if (limited) {
      Arrays.fill(fresh, 0);
      admit(policy, rows, queue, capacity, whole ? before.of(layer, experts) : fresh);
    }
    if (policy.renormalize() == Renormalize.AFTER) {
      for (int row : rows) {
        admitted.divideBySum(row);
      }
    }
    return limited && !told ? (long) capacity * experts : 0;
  }

  private void admit(CapacityPolicy policy, int[] rows, int[] queue, int capacity, int[] taken) {
    var room = rooms.computeIfAbsent(policy.per(), per -> Room.of(per, placement, layer, experts));
    room.open(capacity, taken);
    int refused = admit(queue, room, taken);
    if (policy.priority() == Priority.PROBABILITY || policy.priority() == Priority.WEIGHT) {
      numberByPosition(rows);
    }
    for (int i = 0; i < refused && policy.overflow() != Overflow.DROP; i++) {
      reroute(queue[i], room, policy.overflow() == Overflow.LOCAL);
    }
  }

  /// Choices of the expert that has most.
  private int fullest(int[] queue) {
    Arrays.fill(counts, 0);
    int fullest = 0;
    for (int choice : queue) {
      fullest = Math.max(fullest, ++counts[expert(choice)]);
    }
    return fullest;
  }

  private int expert(int choice) {
    return offered.expert(choice / ranks, choice % ranks);
  }

  /// Admits what finds room, and takes its expert from the rest. These stand first in the queue
  /// afterwards, in the order in which they were refused.
  ///
  /// @param taken places by expert; those that are taken now are added
  /// @return how many were refused
  private int admit(int[] queue, Room room, int[] taken) {
    System.arraycopy(taken, 0, counts, 0, experts);
    int refused = 0;
    for (int choice : queue) {
      int expert = expert(choice);
      slots[choice] = counts[expert]++;
      if (room.take(expert)) {
        taken[expert]++;
      } else {
        admitted.set(choice / ranks, choice % ranks, Choices.NONE, 0);
        queue[refused++] = choice;
      }
    }
    return refused;
  }

  private void numberByPosition(int[] rows) {
    Arrays.fill(counts, 0);
    for (int row : rows) {
      for (int rank = 0; rank < ranks; rank++) {
        int expert = admitted.expert(row, rank);
        if (expert != Choices.NONE) {
          slots[row * ranks + rank] = counts[expert]++;
        }
      }
    }
  }

  private void reroute(int choice, Room room, boolean local) {
    int row = choice / ranks;
    int expert = rerouting.expert(row, admitted, room, local);
    if (expert != Choices.NONE) {
      room.take(expert);
      admitted.set(row, choice % ranks, expert, rerouting.weight(row, expert));
    }
  }
}
