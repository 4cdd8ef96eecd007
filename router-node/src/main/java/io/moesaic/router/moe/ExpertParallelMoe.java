package io.moesaic.router.moe;

import io.moesaic.router.capacity.CapacityLimiter;
import io.moesaic.router.capacity.RoutingCounters;
import io.moesaic.router.capacity.StepRows;
import io.moesaic.router.dispatch.Dispatcher;
import io.moesaic.router.gate.Choices;
import io.moesaic.router.gate.Gate;
import io.moesaic.router.gate.Gating;
import io.moesaic.router.gate.RoutingPolicy;
import io.moesaic.router.placement.Placement;
import io.moesaic.router.plan.DispatchPlan;
import io.moesaic.router.trunk.MoeLayer;
import io.moesaic.router.trunk.RowFailures;
import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.ffn.ExpertId;

/// MoE blocks whose experts run on other nodes:
///
/// ```
///   gate      hidden -> scores -> choices and weights, by the routing policy
///   capacity  keep, drop or reroute choices, by the capacity policy of each group of rows
///   plan      choices x placement -> one batch for each node, and the way back
///   dispatch  all batches in flight together
///   combine   sum by rank of the choice, in float32, whatever order the replies came in
/// ```
/// For one thread.
public final class ExpertParallelMoe {
  private final Gate gate;
  private final Dispatcher dispatcher;
  private final Combine combine;
  private final RoutingCounters counters;
  private final MoeObserver observer;

  /// @param counters receives what becomes of all choices
  public ExpertParallelMoe(
      Gate gate,
      Dispatcher dispatcher,
      Combine combine,
      RoutingCounters counters,
      MoeObserver observer) {
    this.gate = gate;
    this.dispatcher = dispatcher;
    this.combine = combine;
    this.counters = counters;
    this.observer = observer;
  }

  /// The blocks for one pass over the rows.
  public MoeLayer step(RoutingPolicy policy, StepRows rows) {
    return (layer, hidden, output, failures) -> {
      var gating =
          gate.route(policy, layer, hidden, rows.tokens(), failures::failed, failures::fail);
      dispatch(layer, hidden, gating, rows, output, failures);
    };
  }

  /// One block of which somebody else was the gate.
  ///
  /// @param output `[rows, hidden]`, overwritten
  public void dispatch(
      int layer, Matrix hidden, Gating gating, StepRows rows, Matrix output, RowFailures failures) {
    var round = dispatcher.begin();
    var placement = round.placement();
    var admission =
        CapacityLimiter.admit(
            layer, gating, rows.tokens(), rows.limits(), placement, failures::failed);
    var choices = admission.admitted();
    failMissing(choices, placement, layer, failures);
    var plan = DispatchPlan.of(choices, placement, layer, dispatcher.columns(), failures::failed);
    try (var replies = round.send(plan, layer, hidden).await()) {
      combine.sum(choices, replies, output, failures);
    }
    rows.tallies().add(admission);
    counters.add(layer, admission);
    observer.observed(layer, hidden, choices, output);
  }

  private void failMissing(Choices choices, Placement placement, int layer, RowFailures failures) {
    for (int row = 0; row < choices.rows(); row++) {
      int rank = DispatchPlan.missingRank(choices, placement, layer, row);
      if (rank >= 0 && !failures.failed(row)) {
        var id = new ExpertId(layer, choices.expert(row, rank));
        failures.fail(row, "no node serves expert " + id + ": " + dispatcher.describeAbsent());
      }
    }
  }
}
