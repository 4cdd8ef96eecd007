package io.moesaic.tensor.kernel;

import io.moesaic.tensor.DType;
import io.moesaic.tensor.Matrix;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Kernels and the threads to run them on: what a trunk or an expert computes with. One thread
/// leads at a time, as with [ComputePool#run].
public record Compute(Kernels kernels, ComputePool pool) implements AutoCloseable {
  /// Rows of one task of a product: enough to pay for reading a panel, few enough that their part
  /// of a block of k stays in cache.
  private static final int ROW_BLOCK = 64;

  /// Lines of a quantized panel that are widened at a time: 32 KiB, which stay in a cache until
  /// they are multiplied.
  private static final int WIDENED_LINES = 128;

  private static final ThreadLocal<MemorySegment> WIDENED =
      ThreadLocal.withInitial(
          () -> Arena.ofAuto().allocate(Panel.bytes(DType.F32, WIDENED_LINES), 64));

  /// The fastest kernels, on `threads` threads.
  public static Compute on(int threads, String name) {
    return new Compute(Kernels.best(), new ComputePool(threads, name));
  }

  /// `y = x · Wᵀ + b`, in parallel over panels and blocks of rows.
  ///
  /// @param x `[rows, w.inputs()]`
  /// @param y `[rows, w.outputs()]`, with room for whole panels in each row
  public void multiply(Matrix x, PackedMatrix w, Matrix y) {
    overPanels(
        x.rows(),
        w.panels(),
        (from, rows, panel) -> multiplyPanel(x.rows(from, rows), w, panel, y.rows(from, rows)));
  }

  /// What is done for some rows and one panel.
  public interface PanelTask {
    void run(int fromRow, int rows, int panel);
  }

  /// Runs a task for each panel and each block of rows, in parallel. Neighbouring tasks share a
  /// panel, which then comes from a cache.
  public void overPanels(int rows, int panels, PanelTask task) {
    int blocks = Math.ceilDiv(rows, ROW_BLOCK);
    pool.run(
        blocks * panels,
        i -> {
          int from = i % blocks * ROW_BLOCK;
          task.run(from, Math.min(ROW_BLOCK, rows - from), i / blocks);
        });
  }

  /// The 64 columns of `y = x · Wᵀ + b` that one panel gives, on the calling thread: for use inside
  /// a task.
  public void multiplyPanel(Matrix x, PackedMatrix w, int panel, Matrix y) {
    int from = panel * Panel.COLUMNS;
    var columns = y.columns(from, Panel.COLUMNS);
    switch (w.panel(panel)) {
      case Panel plain -> kernels.panel(x, plain, columns, false);
      case QuantizedPanel quantized -> multiplyWidened(x, quantized, columns);
    }
    if (w.bias().length > 0) {
      kernels.addBias(columns, w.bias(), from);
    }
  }

  /// As a panel of the widened weights would be multiplied: a chain goes on where it stopped.
  private void multiplyWidened(Matrix x, QuantizedPanel w, Matrix y) {
    for (int from = 0; from < w.k(); from += WIDENED_LINES) {
      int k = Math.min(WIDENED_LINES, w.k() - from);
      var widened = new Panel(WIDENED.get(), 0, DType.F32, k);
      kernels.widen(w, from, widened);
      kernels.panel(x.columns(from, k), widened, y, from > 0);
    }
  }

  @Override
  public void close() {
    pool.close();
  }
}
