package io.moesaic.router;

import io.moesaic.router.trunk.KvPool;
import io.moesaic.router.trunk.MoeLayer;
import io.moesaic.router.trunk.RowFailures;
import io.moesaic.router.trunk.StepBatch;
import io.moesaic.router.trunk.Trunk;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// Runs a trunk on nothing in particular until its kernels are compiled: the first request would
/// otherwise be tens of times slower than the second.
final class TrunkWarmup {
  private static final long NANOS = TimeUnit.MILLISECONDS.toNanos(500);
  private static final int PREFILL_ROWS = 40;

  /// Stands in for the experts, which need not be there yet.
  private static final MoeLayer NO_EXPERTS = (_, _, _, _) -> {};

  private TrunkWarmup() {}

  static void run(Trunk trunk, KvPool pool) {
    int rows = Math.clamp(trunk.config().maxPositions() - 1L, 1, PREFILL_ROWS);
    boolean encodes = trunk.config().encodesPrompts();
    int encoded = encodes ? rows : 0;
    int[] logitRows = encodes ? new int[0] : new int[] {rows - 1};
    long end = System.nanoTime() + NANOS;
    do {
      try (var cache = pool.allocate(encoded, rows + 1 - encoded)) {
        var prefill = new StepBatch.Segment(cache, 0, rows, 0);
        trunk.forward(
            new StepBatch(new int[rows], List.of(prefill), logitRows),
            NO_EXPERTS,
            new RowFailures(rows));
        var decode = new StepBatch.Segment(cache, 0, 1, rows);
        for (int i = 0; i < rows; i++) {
          trunk.forward(
              new StepBatch(new int[1], List.of(decode), new int[1]),
              NO_EXPERTS,
              new RowFailures(1));
        }
      }
    } while (System.nanoTime() < end);
  }
}
