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
import io.moesaic.tensor.kernel.Compute;
import java.util.List;
import java.util.Optional;

/// MoE blocks whose experts run on other nodes:
///
/// ```
///   gate      hidden -> scores -> choices and weights, by the routing policy
///   capacity  keep, drop or reroute choices, by the capacity policy of each group of rows
///   plan      choices x placement -> one batch for each node, and the way back
///   dispatch  all batches in flight together
///   shared    meanwhile, the expert that every token goes to, if the model has one
///   combine   sum by rank of the choice, in float32, whatever order the replies came in
/// ```
/// For one thread.
public final class ExpertParallelMoe {
  private final Gate gate;
  private final Dispatcher dispatcher;
  private final Combine combine;
  private final Compute compute;
  private final List<SharedExpert> sharedExperts;
  private final RoutingCounters counters;
  private final MoeObserver observer;

  /// @param sharedExperts one for each layer, or none
  /// @param counters receives what becomes of all choices
  public ExpertParallelMoe(
      Gate gate,
      Dispatcher dispatcher,
      Combine combine,
      Compute compute,
      List<SharedExpert> sharedExperts,
      RoutingCounters counters,
      MoeObserver observer) {
    this.gate = gate;
    this.dispatcher = dispatcher;
    this.combine = combine;
    this.compute = compute;
    this.sharedExperts = List.copyOf(sharedExperts);
    this.counters = counters;
    this.observer = observer;
  }

  /// The blocks for one pass over the rows.
  public MoeLayer step(RoutingPolicy policy, StepRows rows) {
    return (layer, hidden, output, failures) -> {
      var gating = route(policy, layer, hidden, rows, failures);
      forward(layer, hidden, gating, rows, output, failures);
    };
  }

  /// What the layer's gate says of the rows.
  ///
  /// @param failures rows that have failed are skipped; rows that cannot be routed are added
  public Gating route(
      RoutingPolicy policy, int layer, Matrix hidden, StepRows rows, RowFailures failures) {
    return gate.route(policy, layer, hidden, rows.tokens(), failures::failed, failures::refuse);
  }

  /// One block of which somebody else was the gate.
  ///
  /// @param output `[rows, hidden]`, overwritten
  public void forward(
      int layer, Matrix hidden, Gating gating, StepRows rows, Matrix output, RowFailures failures) {
    var round = dispatcher.begin();
    var placement = round.placement();
    var admission = CapacityLimiter.admit(layer, gating, rows, placement, failures::failed);
    var choices = admission.admitted();
    failMissing(choices, placement, layer, failures);
    var plan = DispatchPlan.of(choices, placement, layer, dispatcher.columns(), failures::failed);
    var inFlight = round.send(plan, layer, hidden);
    var shared = shared(layer, hidden);
    try (var replies = inFlight.await()) {
      combine.sum(choices, replies, output, failures);
    }
    shared.ifPresent(y -> compute.kernels().add(output, y));
    rows.tallies().add(admission);
    counters.add(layer, admission);
    observer.observed(layer, hidden, choices, output);
  }

  private Optional<Matrix> shared(int layer, Matrix hidden) {
    return sharedExperts.isEmpty()
        ? Optional.empty()
        : Optional.of(sharedExperts.get(layer).forward(compute, hidden));
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
