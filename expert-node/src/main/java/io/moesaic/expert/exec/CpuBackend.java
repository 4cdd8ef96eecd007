package io.moesaic.expert.exec;

import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.ffn.ExpertId;
import io.moesaic.tensor.ffn.ExpertWeights;
import io.moesaic.tensor.ffn.FeedForward;
import io.moesaic.tensor.ffn.PackedExpert;
import io.moesaic.tensor.kernel.Compute;
import io.moesaic.wire.WireType;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;

/// Experts on the processor's cores. A run happens on the calling thread and the compute pool, and
/// is finished when [#run] returns.
///
/// ```
///   gather    rows of the slots, widened           -> x         [slots, hidden]
///   activate  the block's first half, x inward     -> activated [slots, intermediate]
///   project   its second half, activated outward   -> y         [slots, hidden]
///   scatter   y, rounded to the wire type          -> the parts' outputs
/// ```
/// Each step is one parallel region over panels and blocks of rows. More slots than the scratch
/// holds are taken in several waves; as a row's bits do not depend on its neighbours, nobody sees
/// it.
public final class CpuBackend implements ExpertBackend {
  /// Rows that a task takes through a panel.
  private static final int ROW_BLOCK = 64;

  private final Compute compute;
  private final Scratch scratch;

  public CpuBackend(Compute compute, FeedForward block) {
    this.compute = compute;
    this.scratch = new Scratch(block);
  }

  @Override
  public ArithmeticClass arithmetic() {
    return ArithmeticClass.JAVA;
  }

  @Override
  public LoadedExpert load(ExpertId id, ExpertWeights weights) {
    var arena = Arena.ofShared();
    try {
      return new CpuExpert(id, PackedExpert.pack(arena, weights), arena);
    } catch (RuntimeException | Error e) {
      arena.close();
      throw e;
    }
  }

  @Override
  public void run(GroupedBatch batch, Completion done) {
    try {
      int slot = 0;
      while (slot < batch.slots().count()) {
        int count = Math.min(scratch.rows, batch.slots().count() - slot);
        runWave(batch, slot, count);
        slot += count;
      }
    } catch (RuntimeException | Error e) {
      done.failed(e);
      return;
    }
    done.succeeded();
  }

  /// Slots from `first` to `first + count - 1`, on scratch rows from 0 on.
  private void runWave(GroupedBatch batch, int first, int count) {
    inBlocks(count, (from, rows) -> gather(batch, first, from, rows));
    var work = work(batch, first, count);
    int panels = work.getFirst().expert.activatePanels();
    // Neighbouring tasks share a panel, which then comes from a cache.
    compute
        .pool()
        .run(
            work.size() * panels,
            task -> {
              var block = work.get(task % work.size());
              block.expert.activate(
                  compute,
                  scratch.x.rows(block.from, block.rows),
                  task / work.size(),
                  scratch.up.rows(block.from, block.rows),
                  scratch.activated.rows(block.from, block.rows));
            });
    int outputPanels = work.getFirst().expert.projectPanels();
    compute
        .pool()
        .run(
            work.size() * outputPanels,
            task -> {
              var block = work.get(task % work.size());
              block.expert.project(
                  compute,
                  scratch.activated.rows(block.from, block.rows),
                  task / work.size(),
                  scratch.y.rows(block.from, block.rows));
            });
    inBlocks(count, (from, rows) -> scatter(batch, first, from, rows));
  }

  /// Scratch rows that one expert computes together.
  private record Block(PackedExpert expert, int from, int rows) {}

  private static List<Block> work(GroupedBatch batch, int first, int count) {
    List<Block> work = new ArrayList<>();
    for (var group : batch.groups()) {
      int from = Math.max(group.firstSlot(), first);
      int to = Math.min(group.firstSlot() + group.count(), first + count);
      var expert = ((CpuExpert) group.expert()).packed;
      for (; from < to; from += ROW_BLOCK) {
        work.add(new Block(expert, from - first, Math.min(ROW_BLOCK, to - from)));
      }
    }
    return work;
  }

  private interface RowRange {
    void run(int from, int rows);
  }

  private void inBlocks(int rows, RowRange body) {
    int blocks = Math.ceilDiv(rows, ROW_BLOCK);
    compute
        .pool()
        .run(
            blocks,
            block -> {
              int from = block * ROW_BLOCK;
              body.run(from, Math.min(ROW_BLOCK, rows - from));
            });
  }

  private void gather(GroupedBatch batch, int first, int from, int rows) {
    for (int row = from; row < from + rows; row++) {
      var hidden = batch.part(first + row).hidden();
      long at = batch.inputAt(first + row);
      if (batch.type() == WireType.F32) {
        scratch.x.readRow(row, hidden, at);
      } else {
        compute.kernels().widen(hidden, at, scratch.x, row);
      }
    }
  }

  private void scatter(GroupedBatch batch, int first, int from, int rows) {
    for (int row = from; row < from + rows; row++) {
      var output = batch.part(first + row).output();
      long at = batch.outputAt(first + row);
      if (batch.type() == WireType.F32) {
        scratch.y.writeRow(row, output, at);
      } else {
        compute.kernels().round(scratch.y, row, output, at);
      }
    }
  }

  @Override
  public void close() {
    compute.close();
  }

  private static final class CpuExpert implements LoadedExpert {
    private final ExpertId id;
    private final PackedExpert packed;
    private final Arena arena;

    CpuExpert(ExpertId id, PackedExpert packed, Arena arena) {
      this.id = id;
      this.packed = packed;
      this.arena = arena;
    }

    @Override
    public ExpertId id() {
      return id;
    }

    @Override
    public long bytes() {
      return packed.bytes();
    }

    @Override
    public void close() {
      arena.close();
    }
  }

  /// Activations between the steps, for as many rows as fit in 64 MiB.
  private static final class Scratch {
    private static final long BYTES = 64L << 20;

    private final int rows;
    private final Matrix x;
    private final Matrix up;
    private final Matrix activated;
    private final Matrix y;

    Scratch(FeedForward block) {
      long perRow = 2L * (block.hidden() + block.intermediate()) * Float.BYTES;
      rows = Math.clamp(BYTES / perRow, ROW_BLOCK, 1024);
      x = Matrix.allocate(rows, block.hidden());
      up = Matrix.allocate(rows, block.intermediate());
      activated = Matrix.allocate(rows, block.intermediate());
      y = Matrix.allocate(rows, block.hidden());
    }
  }
}
