package io.moesaic.router.engine;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moesaic.router.capacity.StepRows;
import io.moesaic.router.trunk.MoeLayer;
import io.moesaic.router.trunk.RowFailures;
import io.moesaic.tensor.Matrix;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;

/// Experts that a test can stop in the middle of a step, make fail, or make throw. Like real ones,
/// they give up all rows when their thread is interrupted.
final class SteppedMoe implements MoeBlocks {
  private final MoeBlocks experts;
  private final Semaphore begun = new Semaphore(0);
  private final Semaphore allowed = new Semaphore(0);
  private volatile boolean stepped;
  private volatile @Nullable Fault fault;

  /// What goes wrong with a block.
  @FunctionalInterface
  interface Fault {
    void strike(int layer, int rows, RowFailures failures);
  }

  SteppedMoe(MoeBlocks experts) {
    this.experts = experts;
  }

  /// From now on every step waits, in its first block, to be [#allow]ed.
  void stepByStep() {
    stepped = true;
  }

  /// Waits until a step has begun, which holds still.
  void awaitStep() throws InterruptedException {
    assertTrue(begun.tryAcquire(30, TimeUnit.SECONDS), "no step began");
  }

  void allow() {
    allowed.release();
  }

  /// Lets the step that waits, and all that follow, run.
  void run() {
    stepped = false;
    allowed.release();
  }

  void strikeWith(@Nullable Fault next) {
    fault = next;
  }

  @Override
  public boolean expertsChoose() {
    return experts.expertsChoose();
  }

  @Override
  public MoeLayer step(StepRows rows) {
    var blocks = experts.step(rows);
    return (layer, hidden, output, failures) -> forward(blocks, layer, hidden, output, failures);
  }

  private void forward(
      MoeLayer blocks, int layer, Matrix hidden, Matrix output, RowFailures failures) {
    if (layer == 0 && stepped) {
      begun.release();
      try {
        allowed.acquire();
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
      }
    }
    if (Thread.currentThread().isInterrupted()) {
      for (int row = 0; row < hidden.rows(); row++) {
        failures.fail(row, "interrupted");
      }
      return;
    }
    var now = fault;
    if (now != null) {
      now.strike(layer, hidden.rows(), failures);
    }
    blocks.forward(layer, hidden, output, failures);
  }
}
