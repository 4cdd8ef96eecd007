package io.moesaic.tensor.kernel;

import static io.moesaic.tensor.kernel.ScalarKernels.LANES;
import static io.moesaic.tensor.kernel.VectorKernels.FLOATS;
import static io.moesaic.tensor.kernel.VectorKernels.LENGTH;
import static io.moesaic.tensor.kernel.VectorKernels.load;
import static io.moesaic.tensor.kernel.VectorKernels.loadBetween;

import io.moesaic.tensor.Matrix;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.VectorShuffle;

/// Sums of many elements in 16 virtual lanes, which are held in 1, 2 or 4 vectors: element i goes
/// to lane i % 16, and the lanes are added in a fixed tree. So a sum has the same bits at every
/// vector width, and those of the scalar twin.
final class LaneSums {
  private static final VectorShuffle<Float> BY_8 = rotation(8);
  private static final VectorShuffle<Float> BY_4 = rotation(4);
  private static final VectorShuffle<Float> BY_2 = rotation(2);
  private static final VectorShuffle<Float> BY_1 = rotation(1);

  private static VectorShuffle<Float> rotation(int by) {
    return VectorShuffle.fromOp(FLOATS, lane -> (lane + by) % LENGTH);
  }

  private LaneSums() {}

  /// The sum of the squares of a row.
  static float ofSquares(Matrix x, int row) {
    var data = x.data();
    int at = x.at(row);
    int end = at + x.cols() / LANES * LANES;
    var s0 = FloatVector.zero(FLOATS);
    var s1 = s0;
    var s2 = s0;
    var s3 = s0;
    for (; at < end; at += LANES) {
      s0 = addSquare(s0, load(data, at));
      if (LENGTH <= 8) {
        s1 = addSquare(s1, load(data, at + LENGTH));
      }
      if (LENGTH == 4) {
        s2 = addSquare(s2, load(data, at + 8));
        s3 = addSquare(s3, load(data, at + 12));
      }
    }
    int rest = x.cols() % LANES;
    if (rest > 0) {
      // Lanes past the end load as zeros, and the square of a zero changes no sum of squares.
      s0 = addSquare(s0, loadBetween(data, at, 0, rest));
      if (LENGTH <= 8) {
        s1 = addSquare(s1, loadBetween(data, at + LENGTH, 0, rest - LENGTH));
      }
      if (LENGTH == 4) {
        s2 = addSquare(s2, loadBetween(data, at + 8, 0, rest - 8));
        s3 = addSquare(s3, loadBetween(data, at + 12, 0, rest - 12));
      }
    }
    return tree(s0, s1, s2, s3);
  }

  private static FloatVector addSquare(FloatVector sum, FloatVector x) {
    return x.fma(x, sum);
  }

  /// The sum of non-negative values in columns `from <= i < to` of the row that starts at `base`;
  /// lanes follow the column.
  static float of(float[] data, int base, int from, int to) {
    var s0 = FloatVector.zero(FLOATS);
    var s1 = s0;
    var s2 = s0;
    var s3 = s0;
    for (int i = from / LANES * LANES; i < to; i += LANES) {
      int at = base + i;
      int first = from - i;
      int last = to - i;
      s0 = s0.add(loadBetween(data, at, first, last));
      if (LENGTH <= 8) {
        s1 = s1.add(loadBetween(data, at + LENGTH, first - LENGTH, last - LENGTH));
      }
      if (LENGTH == 4) {
        s2 = s2.add(loadBetween(data, at + 8, first - 8, last - 8));
        s3 = s3.add(loadBetween(data, at + 12, first - 12, last - 12));
      }
    }
    return tree(s0, s1, s2, s3);
  }

  /// The fixed tree over 16 virtual lanes held in 1, 2 or 4 vectors: lane i takes lane i + 8, then
  /// i + 4, i + 2, i + 1.
  private static float tree(FloatVector s0, FloatVector s1, FloatVector s2, FloatVector s3) {
    FloatVector sum;
    if (LENGTH == 4) {
      sum = s0.add(s2).add(s1.add(s3));
    } else if (LENGTH == 8) {
      sum = s0.add(s1);
      sum = sum.add(sum.rearrange(BY_4));
    } else {
      sum = s0.add(s0.rearrange(BY_8));
      sum = sum.add(sum.rearrange(BY_4));
    }
    sum = sum.add(sum.rearrange(BY_2));
    sum = sum.add(sum.rearrange(BY_1));
    return sum.lane(0);
  }
}
