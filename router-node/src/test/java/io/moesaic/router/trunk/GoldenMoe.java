package io.moesaic.router.trunk;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.Tensor;
import io.moesaic.tensor.checkpoint.Checkpoint;
import java.lang.foreign.Arena;
import java.util.HashSet;
import java.util.Set;

/// Stands for the MoE blocks with what the reference's blocks put out, and checks that it is asked
/// what they were asked.
final class GoldenMoe implements MoeLayer {
  private final Checkpoint expected;
  private final Arena arena;
  private final int firstRow;
  private final Set<Integer> asked = new HashSet<>();

  /// @param firstRow of the sequence, in the reference's batch
  GoldenMoe(Checkpoint expected, Arena arena, int firstRow) {
    this.expected = expected;
    this.arena = arena;
    this.firstRow = firstRow;
  }

  /// The layers that were asked for.
  Set<Integer> asked() {
    return asked;
  }

  @Override
  public void forward(int moeLayer, Matrix hidden, Matrix output, RowFailures failures) {
    asked.add(moeLayer);
    var in = expected.map("hidden_in." + moeLayer, arena);
    var out = expected.map("hidden_out." + moeLayer, arena);
    for (int row = 0; row < hidden.rows(); row++) {
      double size = Math.sqrt(squares(in, row, hidden.cols()) / hidden.cols());
      for (int i = 0; i < hidden.cols(); i++) {
        var what = "input of MoE layer " + moeLayer + " at [" + row + ", " + i + "]";
        assertEquals(at(in, row, i, hidden.cols()), hidden.get(row, i), 2e-5 * size, what);
        output.set(row, i, at(out, row, i, hidden.cols()));
      }
    }
  }

  private double squares(Tensor tensor, int row, int cols) {
    double sum = 0;
    for (int i = 0; i < cols; i++) {
      sum += Math.pow(at(tensor, row, i, cols), 2);
    }
    return sum;
  }

  private float at(Tensor tensor, int row, int col, int cols) {
    return tensor.getFloat((long) (firstRow + row) * cols + col);
  }
}
