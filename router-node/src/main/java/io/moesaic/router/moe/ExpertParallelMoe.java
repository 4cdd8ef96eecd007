package io.moesaic.router.moe;

import io.moesaic.router.dispatch.Dispatcher;
import io.moesaic.router.gate.Choices;
import io.moesaic.router.gate.Gate;
import io.moesaic.router.placement.Placement;
import io.moesaic.router.plan.DispatchPlan;
import io.moesaic.router.trunk.MoeLayer;
import io.moesaic.router.trunk.RowFailures;
import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.ffn.ExpertId;
import io.moesaic.tensor.kernel.PackedMatrix;
import java.util.List;

/// MoE blocks whose experts run on other nodes:
///
/// ```
///   gate      hidden -> choices and weights
///   plan      choices x placement -> one batch for each node, and the way back
///   dispatch  all batches in flight together
///   combine   sum by rank of the choice, in float32, whatever order the replies came in
/// ```
/// For one thread.
public final class ExpertParallelMoe implements MoeLayer {
  private final Gate gate;
  private final List<PackedMatrix> gateWeights;
  private final Dispatcher dispatcher;
  private final Combine combine;
  private final MoeObserver observer;

  /// @param gateWeights `[experts, hidden]` of each layer
  public ExpertParallelMoe(
      Gate gate,
      List<PackedMatrix> gateWeights,
      Dispatcher dispatcher,
      Combine combine,
      MoeObserver observer) {
    this.gate = gate;
    this.gateWeights = List.copyOf(gateWeights);
    this.dispatcher = dispatcher;
    this.combine = combine;
    this.observer = observer;
  }

  @Override
  public void forward(int layer, Matrix hidden, Matrix output, RowFailures failures) {
    var choices = gate.route(hidden, gateWeights.get(layer));
    var round = dispatcher.begin();
    failMissing(choices, round.placement(), layer, failures);
    var plan = DispatchPlan.of(choices, round.placement(), layer, failures::failed);
    try (var replies = round.send(plan, layer, hidden).await()) {
      combine.sum(choices, replies, output, failures);
    }
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
