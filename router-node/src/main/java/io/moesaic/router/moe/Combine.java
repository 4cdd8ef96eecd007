package io.moesaic.router.moe;

import io.moesaic.router.dispatch.Dispatcher.Replies;
import io.moesaic.router.gate.Choices;
import io.moesaic.router.trunk.RowFailures;
import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.kernel.Kernels;
import io.moesaic.wire.ReplyBatch;
import io.moesaic.wire.WireType;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;

/// The last step of an MoE block: `output[row] = Σ_rank weight · expert output`, from zero, rank 0
/// first, one fused multiply-add for each. The order is that of the choices and not that of the
/// replies, so that the sum has the same bits wherever its terms were computed. A row without
/// experts gives zeros: its residual carries it.
public final class Combine {
  private final Kernels kernels;
  private final WireType type;
  private final int hidden;
  private final Matrix widened;
  private final MemorySegment wide;

  public Combine(Kernels kernels, WireType type, int hidden) {
    this.kernels = kernels;
    this.type = type;
    this.hidden = hidden;
    widened = Matrix.allocate(1, hidden);
    wide = Arena.ofAuto().allocate(hidden * 4L, 64);
  }

  /// @param output `[rows, hidden]`, overwritten; zero for rows that failed
  /// @param failures receives the rows of which a part did not come back
  void sum(Choices choices, Replies replies, Matrix output, RowFailures failures) {
    for (int row = 0; row < choices.rows(); row++) {
      clear(output, row);
      for (int rank = 0; rank < choices.ranks() && !failures.failed(row); rank++) {
        if (choices.expert(row, rank) == Choices.NONE) {
          continue;
        }
        int batch = replies.plan().batchOf(row, rank);
        var reply = replies.of(batch);
        if (reply == null) {
          failures.fail(row, replies.reason(batch));
          clear(output, row);
        } else {
          float weight = choices.weighsInput() ? 1 : choices.weight(row, rank);
          add(weight, reply, replies.plan().slotOf(row, rank), output, row);
        }
      }
    }
  }

  private void clear(Matrix output, int row) {
    Arrays.fill(output.data(), output.at(row), output.at(row) + hidden, 0);
  }

  private void add(float weight, ReplyBatch reply, int slot, Matrix output, int row) {
    long at = (long) slot * hidden * type.bytes();
    if (type == WireType.F32) {
      kernels.addScaled(output, row, weight, reply.hidden(), at);
    } else {
      kernels.widen(reply.hidden(), at, widened, 0);
      widened.writeRow(0, wide, 0);
      kernels.addScaled(output, row, weight, wide, 0);
    }
  }
}
