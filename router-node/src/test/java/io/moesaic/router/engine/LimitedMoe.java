package io.moesaic.router.engine;

import io.moesaic.router.capacity.CapacityLimiter;
import io.moesaic.router.capacity.StepRows;
import io.moesaic.router.gate.Choices;
import io.moesaic.router.gate.Gate;
import io.moesaic.router.gate.GateBank;
import io.moesaic.router.gate.RoutingPolicy;
import io.moesaic.router.placement.Placement;
import io.moesaic.router.trunk.MoeLayer;
import io.moesaic.router.trunk.RowFailures;
import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.checkpoint.Checkpoint;
import io.moesaic.tensor.checkpoint.ModelConfig;
import io.moesaic.tensor.ffn.ExpertBank;
import io.moesaic.tensor.ffn.ExpertId;
import io.moesaic.tensor.kernel.Compute;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/// MoE blocks with a gate and a limiter like a router's, and experts at home in plain loops.
final class LimitedMoe implements MoeBlocks, AutoCloseable {
  private final Arena arena = Arena.ofShared();
  private final Compute compute = Compute.on(1, "gate");
  private final RoutingPolicy policy;
  private final Experts experts;
  private final Gate gate;
  private final Placement placement;

  /// Computes one expert's output for one row.
  interface Experts {
    float[] expert(ExpertId id, float[] x);
  }

  LimitedMoe(Path model, RoutingPolicy policy, Experts experts) {
    this.policy = policy;
    this.experts = experts;
    var config = ModelConfig.read(model);
    var bank = ExpertBank.of(config);
    try (var checkpoint = Checkpoint.open(model)) {
      gate = new Gate(compute, GateBank.load(config, checkpoint, bank, arena));
    }
    placement =
        Placement.of(
            1, bank, List.of(IntStream.range(0, bank.count()).mapToObj(bank::at).toList()));
  }

  @Override
  public boolean expertsChoose() {
    return policy instanceof RoutingPolicy.ExpertChoice;
  }

  @Override
  public MoeLayer step(StepRows rows) {
    return (layer, hidden, output, failures) -> forward(layer, hidden, output, failures, rows);
  }

  private void forward(
      int layer, Matrix hidden, Matrix output, RowFailures failures, StepRows rows) {
    var gating =
        gate.route(policy, layer, hidden, rows.tokens(), failures::failed, failures::refuse);
    var admission = CapacityLimiter.admit(layer, gating, rows, placement, failures::failed);
    rows.tallies().add(admission);
    var choices = admission.admitted();
    for (int row = 0; row < hidden.rows(); row++) {
      int at = hidden.at(row);
      var x = Arrays.copyOfRange(hidden.data(), at, at + hidden.cols());
      var sum = new float[x.length];
      for (int rank = 0; rank < choices.ranks(); rank++) {
        if (choices.expert(row, rank) != Choices.NONE) {
          var y = experts.expert(new ExpertId(layer, choices.expert(row, rank)), x);
          for (int i = 0; i < sum.length; i++) {
            sum[i] = Math.fma(choices.weight(row, rank), y[i], sum[i]);
          }
        }
      }
      System.arraycopy(sum, 0, output.data(), output.at(row), sum.length);
    }
  }

  @Override
  public void close() {
    compute.close();
    arena.close();
  }
}
