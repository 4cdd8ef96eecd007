package io.moesaic.tensor.kernel;

import static io.moesaic.tensor.kernel.ScalarKernels.LANES;
import static io.moesaic.tensor.kernel.ScalarKernels.inverseRoot;
import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;
import static jdk.incubator.vector.VectorOperators.EQ;
import static jdk.incubator.vector.VectorOperators.GE;
import static jdk.incubator.vector.VectorOperators.GT;
import static jdk.incubator.vector.VectorOperators.I2S;
import static jdk.incubator.vector.VectorOperators.IS_NAN;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.LT;
import static jdk.incubator.vector.VectorOperators.MAX;
import static jdk.incubator.vector.VectorOperators.MIN;
import static jdk.incubator.vector.VectorOperators.ZERO_EXTEND_S2I;

import io.moesaic.tensor.BFloat16;
import io.moesaic.tensor.DType;
import io.moesaic.tensor.Matrix;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import java.util.Arrays;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;
import jdk.incubator.vector.ShortVector;
import jdk.incubator.vector.VectorShape;
import jdk.incubator.vector.VectorSpecies;

/// The kernels on the Vector API, at whatever width the machine has (128 to 512 bits). Element-wise
/// loops run whole vectors and finish with the scalar twin's arithmetic; reductions keep 16 virtual
/// lanes in 1, 2 or 4 vectors.
final class VectorKernels implements Kernels {
  private static final int PREFERRED = VectorShape.preferredShape().vectorBitSize();

  static final boolean SUPPORTED = PREFERRED >= 128;

  static final VectorSpecies<Float> FLOATS =
      VectorSpecies.of(
          float.class, VectorShape.forBitSize(Math.clamp(PREFERRED, 128, LANES * Float.SIZE)));
  static final VectorSpecies<Integer> INTS = FLOATS.withLanes(int.class);
  private static final VectorSpecies<Short> SHORTS =
      VectorSpecies.of(short.class, VectorShape.forBitSize(FLOATS.vectorBitSize() / 2));

  static final int LENGTH = FLOATS.length();
  static final long BYTES = FLOATS.vectorByteSize();
  private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;

  /// AVX-512 and AArch64 have 32 vector registers, other x86 has 16.
  private static final boolean MANY_REGISTERS =
      LENGTH == 16 || System.getProperty("os.arch").equals("aarch64");

  /// Columns, and so vectors, of a tile of several rows.
  private static final int TILE_VECTORS = MANY_REGISTERS ? 4 : 2;

  /// Values of k after which the next rows of a tile take their turn, so that this part of the
  /// panel stays in the second-level cache: at most 256 KiB.
  private static final int K_BLOCK = 1024;

  private static final IntVector LANE_INDEX = IntVector.zero(INTS).addIndex(1);

  @Override
  public String describe() {
    return "Vector API, " + FLOATS.vectorBitSize() + " bits";
  }

  // ---- products

  @Override
  public void panel(Matrix a, Panel w, Matrix c, boolean accumulate) {
    if (!accumulate) {
      for (int row = 0; row < c.rows(); row++) {
        Arrays.fill(c.data(), c.at(row), c.at(row) + Panel.COLUMNS, 0);
      }
    }
    // A vector read from a bfloat16 panel gives two of output columns, half a panel apart.
    int vectorsPerRead = w.type() == DType.BF16 ? 2 : 1;
    int columns = Panel.COLUMNS / vectorsPerRead;
    for (int from = 0; from < w.k(); from += K_BLOCK) {
      int k = Math.min(K_BLOCK, w.k() - from);
      int row = 0;
      for (; a.rows() - row > 1; row += 4) {
        int step = TILE_VECTORS / vectorsPerRead * LENGTH;
        for (int column = 0; column < columns; column += step) {
          rows(a, w, c, row, from, k, column);
        }
      }
      if (row < a.rows()) {
        int step = 4 / vectorsPerRead * LENGTH;
        for (int column = 0; column < columns; column += step) {
          row(a, w, c, row, from, k, column);
        }
      }
    }
  }

  /// Up to four rows of a tile that starts at `column`, over `k` lines from `from` on.
  private static void rows(Matrix a, Panel w, Matrix c, int row, int from, int k, int column) {
    long first = w.offset() + Panel.bytes(w.type(), from) + column * 4L;
    int a0 = a.at(row) + from;
    int c0 = c.at(row) + column;
    int rows = Math.min(4, a.rows() - row);
    if (w.type() == DType.F32) {
      if (MANY_REGISTERS) {
        FloatTiles.tile4x4(
            w.data(), first, k, a.data(), a0, a.stride(), c.data(), c0, c.stride(), rows);
      } else {
        FloatTiles.tile4x2(
            w.data(), first, k, a.data(), a0, a.stride(), c.data(), c0, c.stride(), rows);
      }
    } else {
      if (MANY_REGISTERS) {
        BFloat16Tiles.tile4x4(
            w.data(), first, k, a.data(), a0, a.stride(), c.data(), c0, c.stride(), rows);
      } else {
        BFloat16Tiles.tile4x2(
            w.data(), first, k, a.data(), a0, a.stride(), c.data(), c0, c.stride(), rows);
      }
    }
  }

  /// One row of a tile that starts at `column`, over `k` lines from `from` on.
  private static void row(Matrix a, Panel w, Matrix c, int row, int from, int k, int column) {
    long line = w.offset() + Panel.bytes(w.type(), from) + column * 4L;
    long end = line + Panel.bytes(w.type(), k);
    int a0 = a.at(row) + from;
    int c0 = c.at(row) + column;
    if (w.type() == DType.F32) {
      FloatTiles.tile1x4(w.data(), line, end, a.data(), a0, c.data(), c0);
    } else {
      BFloat16Tiles.tile1x4(w.data(), line, end, a.data(), a0, c.data(), c0);
    }
  }

  @Override
  public void widen(QuantizedPanel from, int first, Panel to) {
    VectorWidening.widen(from, first, to);
  }

  // ---- reductions

  @Override
  public void rmsNorm(Matrix x, float[] weight, float epsilon, Matrix y) {
    int cols = x.cols();
    for (int row = 0; row < x.rows(); row++) {
      float scale = inverseRoot(LaneSums.ofSquares(x, row) / cols + epsilon);
      int i = 0;
      for (; i + LENGTH <= cols; i += LENGTH) {
        load(x.data(), x.at(row) + i)
            .mul(scale)
            .mul(load(weight, i))
            .intoArray(y.data(), y.at(row) + i);
      }
      for (; i < cols; i++) {
        y.set(row, i, x.get(row, i) * scale * weight[i]);
      }
    }
  }

  @Override
  public void softmax(Matrix x, int row, int from, int to, float scale) {
    var data = x.data();
    int base = x.at(row);
    float max = scaleAndMax(data, base + from, base + to, scale);
    int i = base + from;
    for (; i + LENGTH <= base + to; i += LENGTH) {
      Exp.exp(load(data, i).sub(max)).intoArray(data, i);
    }
    for (; i < base + to; i++) {
      data[i] = Exp.exp(data[i] - max);
    }
    float inverse = 1f / LaneSums.of(data, base, from, to);
    i = base + from;
    for (; i + LENGTH <= base + to; i += LENGTH) {
      load(data, i).mul(inverse).intoArray(data, i);
    }
    for (; i < base + to; i++) {
      data[i] = data[i] * inverse;
    }
  }

  private static float scaleAndMax(float[] data, int from, int to, float scale) {
    var max = FloatVector.broadcast(FLOATS, Float.NEGATIVE_INFINITY);
    int i = from;
    for (; i + LENGTH <= to; i += LENGTH) {
      var v = load(data, i).mul(scale);
      v.intoArray(data, i);
      max = max.max(v);
    }
    float result = max.reduceLanes(MAX);
    for (; i < to; i++) {
      data[i] = data[i] * scale;
      result = Math.max(result, data[i]);
    }
    return result;
  }

  // ---- selection

  @Override
  public void topK(Matrix scores, int row, int k, int[] indices, int at) {
    float lastValue = Float.POSITIVE_INFINITY;
    int lastIndex = -1;
    int cols = scores.cols();
    for (int rank = 0; rank < k; rank++) {
      var bestValues = FloatVector.broadcast(FLOATS, Float.NEGATIVE_INFINITY);
      var bestIndices = IntVector.broadcast(INTS, Integer.MAX_VALUE);
      for (int i = 0; i < cols; i += LENGTH) {
        var index = LANE_INDEX.add(i);
        var v = loadBetween(scores.data(), scores.at(row) + i, 0, cols - i);
        v = v.blend(Float.NEGATIVE_INFINITY, v.test(IS_NAN));
        var remains =
            v.compare(LT, lastValue)
                .or(v.compare(EQ, lastValue).and(index.compare(GT, lastIndex).cast(FLOATS)))
                .and(index.lt(cols).cast(FLOATS));
        // A lane meets its columns in ascending order: only a larger value displaces what it has.
        var better =
            remains.and(
                v.compare(GT, bestValues).or(bestIndices.eq(Integer.MAX_VALUE).cast(FLOATS)));
        bestValues = bestValues.blend(v, better);
        bestIndices = bestIndices.blend(index, better.cast(INTS));
      }
      lastValue = bestValues.reduceLanes(MAX);
      lastIndex = bestIndices.reduceLanes(MIN, bestValues.compare(EQ, lastValue).cast(INTS));
      indices[at + rank] = lastIndex;
    }
  }

  // ---- element by element

  @Override
  public void siluMultiply(Matrix gate, Matrix up) {
    VectorActivations.siluMultiply(gate, up);
  }

  @Override
  public void clampedSiluMultiply(Matrix gate, Matrix up, float limit, float alpha) {
    VectorActivations.clampedSiluMultiply(gate, up, limit, alpha);
  }

  @Override
  public void relu(Matrix x) {
    VectorActivations.relu(x);
  }

  @Override
  public void addBias(Matrix x, float[] bias, int from) {
    VectorActivations.addBias(x, bias, from);
  }

  @Override
  public void rotate(Matrix x, int row, int from, int half, float[] cos, float[] sin, int angle) {
    var data = x.data();
    int i = 0;
    for (; i + LENGTH <= half; i += LENGTH) {
      int first = x.at(row) + from + i;
      int second = first + half;
      var c = load(cos, angle + i);
      var s = load(sin, angle + i);
      var a = load(data, first);
      var b = load(data, second);
      a.fma(c, b.mul(s).neg()).intoArray(data, first);
      b.fma(c, a.mul(s)).intoArray(data, second);
    }
    for (; i < half; i++) {
      ScalarKernels.rotate(x, row, from + i, from + half + i, cos[angle + i], sin[angle + i]);
    }
  }

  @Override
  public void add(Matrix x, Matrix y) {
    int cols = x.cols();
    for (int row = 0; row < x.rows(); row++) {
      int i = 0;
      for (; i + LENGTH <= cols; i += LENGTH) {
        int at = x.at(row) + i;
        load(x.data(), at).add(load(y.data(), y.at(row) + i)).intoArray(x.data(), at);
      }
      for (; i < cols; i++) {
        x.set(row, i, x.get(row, i) + y.get(row, i));
      }
    }
  }

  @Override
  public void addScaled(Matrix sum, int row, float weight, MemorySegment y, long at) {
    int cols = sum.cols();
    int i = 0;
    for (; i + LENGTH <= cols; i += LENGTH) {
      int to = sum.at(row) + i;
      FloatVector.fromMemorySegment(FLOATS, y, at + i * 4L, LE)
          .fma(FloatVector.broadcast(FLOATS, weight), load(sum.data(), to))
          .intoArray(sum.data(), to);
    }
    for (; i < cols; i++) {
      ScalarKernels.addScaled(sum, row, i, weight, y.get(JAVA_FLOAT_UNALIGNED, at + i * 4L));
    }
  }

  @Override
  public void widen(MemorySegment bf16, long at, Matrix x, int row) {
    int cols = x.cols();
    int i = 0;
    for (; i + LENGTH <= cols; i += LENGTH) {
      var bits = ShortVector.fromMemorySegment(SHORTS, bf16, at + i * 2L, LE);
      ((IntVector) bits.convertShape(ZERO_EXTEND_S2I, INTS, 0))
          .lanewise(LSHL, 16)
          .reinterpretAsFloats()
          .intoArray(x.data(), x.at(row) + i);
    }
    for (; i < cols; i++) {
      x.set(row, i, BFloat16.widen(bf16.get(JAVA_SHORT_UNALIGNED, at + i * 2L)));
    }
  }

  @Override
  public void round(Matrix x, int row, MemorySegment bf16, long at) {
    int cols = x.cols();
    int i = 0;
    for (; i + LENGTH <= cols; i += LENGTH) {
      var v = load(x.data(), x.at(row) + i);
      var bits = v.reinterpretAsInts();
      var upper = bits.lanewise(LSHR, 16);
      var rounded = bits.add(0x7fff).add(upper.and(1)).lanewise(LSHR, 16);
      var nan = v.test(IS_NAN).cast(INTS);
      ((ShortVector) rounded.blend(upper.or(0x40), nan).convertShape(I2S, SHORTS, 0))
          .intoMemorySegment(bf16, at + i * 2L, LE);
    }
    for (; i < cols; i++) {
      bf16.set(JAVA_SHORT_UNALIGNED, at + i * 2L, BFloat16.round(x.get(row, i)));
    }
  }

  /// A vector whose lanes `first <= lane < last` are loaded and whose others are zero, without
  /// touching their memory.
  static FloatVector loadBetween(float[] data, int at, int first, int last) {
    if (first <= 0 && last >= LENGTH) {
      return load(data, at);
    }
    var mask = LANE_INDEX.compare(GE, first).and(LANE_INDEX.lt(last)).cast(FLOATS);
    return FloatVector.fromArray(FLOATS, data, at, mask);
  }

  static FloatVector load(float[] data, int at) {
    return FloatVector.fromArray(FLOATS, data, at);
  }
}
