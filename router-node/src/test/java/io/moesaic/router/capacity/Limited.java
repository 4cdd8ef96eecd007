package io.moesaic.router.capacity;

import io.moesaic.router.capacity.CapacityPolicy.Overflow;
import io.moesaic.router.capacity.CapacityPolicy.Per;
import io.moesaic.router.capacity.CapacityPolicy.Priority;
import io.moesaic.router.capacity.CapacityPolicy.Renormalize;
import io.moesaic.router.capacity.CapacityPolicy.Scope;
import io.moesaic.router.gate.Gating;
import io.moesaic.router.gate.TokenRows;
import io.moesaic.router.placement.Placement;
import io.moesaic.tensor.ffn.ExpertBank;
import io.moesaic.tensor.ffn.ExpertId;
import io.moesaic.tensor.ffn.FeedForward;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/// Short ways to limit a batch.
final class Limited {
  private Limited() {}

  static CapacityPolicy policy(
      CapacityRule rule, Priority priority, Overflow overflow, Renormalize renormalize) {
    return new CapacityPolicy(
        rule,
        Collections.emptySortedMap(),
        Scope.STEP,
        Per.EXPERT,
        priority,
        overflow,
        renormalize,
        0);
  }

  static CapacityPolicy dropping(CapacityRule rule, Priority priority) {
    return policy(rule, priority, Overflow.DROP, Renormalize.NEVER);
  }

  /// Rows of groups that have taken no places before.
  static StepRows rows(TokenRows tokens, List<CapacityPolicy> limits) {
    return new StepRows(tokens, limits, new RowTallies(tokens.count()));
  }

  /// All rows in one group.
  static Admission admit(Gating gating, CapacityPolicy policy) {
    return CapacityLimiter.admit(
        0,
        gating,
        rows(TokenRows.anonymous(gating.choices().rows(), 0), List.of(policy)),
        placement(new int[gating.scores().cols()]),
        _ -> false);
  }

  /// @param hosts of each expert of the only layer, or [Placement#NO_HOST]
  static Placement placement(int[] hosts) {
    List<List<ExpertId>> held = new ArrayList<>();
    for (int expert = 0; expert < hosts.length; expert++) {
      while (held.size() <= hosts[expert]) {
        held.add(new ArrayList<>());
      }
      if (hosts[expert] != Placement.NO_HOST) {
        held.get(hosts[expert]).add(new ExpertId(0, expert));
      }
    }
    return Placement.of(1, new ExpertBank(1, hosts.length, new FeedForward.SwiGlu(1, 1)), held);
  }
}
