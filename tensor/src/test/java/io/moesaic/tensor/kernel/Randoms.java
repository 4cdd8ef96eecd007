package io.moesaic.tensor.kernel;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;

import io.moesaic.tensor.BFloat16;
import io.moesaic.tensor.DType;
import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.Shape;
import io.moesaic.tensor.Tensor;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.util.SplittableRandom;

/// Random inputs from a seed that each failure prints: `-Dmoesaic.seed=...` repeats it.
public final class Randoms {
  private final Arena arena;
  private final SplittableRandom random;
  private final long seed;

  public Randoms(Arena arena) {
    this(arena, Long.getLong("moesaic.seed", System.nanoTime()));
  }

  private Randoms(Arena arena, long seed) {
    this.arena = arena;
    this.seed = seed;
    this.random = new SplittableRandom(seed);
  }

  /// For assertion messages.
  public String seed() {
    return "-Dmoesaic.seed=" + seed;
  }

  public int between(int low, int high) {
    return random.nextInt(low, high + 1);
  }

  public float gaussian() {
    return (float) random.nextGaussian();
  }

  public Matrix matrix(int rows, int cols) {
    var matrix = Matrix.allocate(rows, cols);
    for (int row = 0; row < rows; row++) {
      for (int col = 0; col < cols; col++) {
        matrix.set(row, col, gaussian());
      }
    }
    return matrix;
  }

  public float[] floats(int count) {
    var floats = new float[count];
    for (int i = 0; i < count; i++) {
      floats[i] = gaussian();
    }
    return floats;
  }

  /// A weight `[outputs, inputs]` as a checkpoint holds it.
  public Tensor weight(DType type, int outputs, int inputs) {
    var data = arena.allocate(Math.max(1L, (long) outputs * inputs * type.bytes()), 64);
    for (long i = 0; i < (long) outputs * inputs; i++) {
      switch (type) {
        case F32 -> data.setAtIndex(JAVA_FLOAT, i, gaussian());
        case BF16 -> data.setAtIndex(ValueLayout.JAVA_SHORT, i, BFloat16.round(gaussian()));
        case F16 -> data.setAtIndex(ValueLayout.JAVA_SHORT, i, Float.floatToFloat16(gaussian()));
        default -> throw new IllegalArgumentException(type.toString());
      }
    }
    return new Tensor(
        "w",
        type,
        Shape.of(outputs, inputs),
        data.asSlice(0, (long) outputs * inputs * type.bytes()));
  }

  public Matrix copy(Matrix matrix) {
    var copy = Matrix.allocate(matrix.rows(), matrix.cols());
    for (int row = 0; row < matrix.rows(); row++) {
      copy.copyRow(row, matrix, row);
    }
    return copy;
  }
}
