package io.moesaic.router.trunk;

import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.ffn.FeedForward;
import io.moesaic.tensor.ffn.PackedExpert;
import io.moesaic.tensor.kernel.Compute;

/// The feed-forward block of a layer without experts.
final class DenseBlock implements Branch {
  /// Rows that a task takes through a panel of weights.
  private static final int ROW_BLOCK = 64;

  private final FeedForward.SwiGlu config;
  private final PackedExpert weights;
  private final Compute compute;

  DenseBlock(FeedForward.SwiGlu config, PackedExpert weights, Compute compute) {
    this.config = config;
    this.weights = weights;
    this.compute = compute;
  }

  @Override
  public void forward(Step step, Matrix x, Matrix y) {
    var up = step.matrix("up", config.intermediate());
    var activated = step.matrix("activated", config.intermediate());
    overRowsAndPanels(
        x.rows(),
        weights.activatePanels(),
        (from, rows, panel) ->
            weights.activate(
                compute,
                x.rows(from, rows),
                panel,
                up.rows(from, rows),
                activated.rows(from, rows)));
    overRowsAndPanels(
        x.rows(),
        weights.projectPanels(),
        (from, rows, panel) ->
            weights.project(compute, activated.rows(from, rows), panel, y.rows(from, rows)));
  }

  private interface Task {
    void run(int from, int rows, int panel);
  }

  private void overRowsAndPanels(int rows, int panels, Task task) {
    int blocks = Math.ceilDiv(rows, ROW_BLOCK);
    compute
        .pool()
        .run(
            blocks * panels,
            i -> {
              int from = i % blocks * ROW_BLOCK;
              task.run(from, Math.min(ROW_BLOCK, rows - from), i / blocks);
            });
  }
}
