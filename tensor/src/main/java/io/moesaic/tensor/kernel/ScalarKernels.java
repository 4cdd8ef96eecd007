package io.moesaic.tensor.kernel;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import io.moesaic.tensor.BFloat16;
import io.moesaic.tensor.Matrix;
import java.lang.foreign.MemorySegment;

/// The kernels as plain loops: the definition that [VectorKernels] must equal, and the fallback
/// without vectors. The package-private statics are single elements of a kernel, for the tails of
/// vector loops.
final class ScalarKernels implements Kernels {
  /// Virtual lanes of a reduction.
  static final int LANES = 16;

  @Override
  public String describe() {
    return "scalar loops";
  }

  @Override
  public void panel(Matrix a, Panel w, Matrix c, boolean accumulate) {
    for (int row = 0; row < a.rows(); row++) {
      for (int n = 0; n < Panel.COLUMNS; n++) {
        float sum = accumulate ? c.get(row, n) : 0;
        for (int k = 0; k < w.k(); k++) {
          sum = Math.fma(w.get(k, n), a.get(row, k), sum);
        }
        c.set(row, n, sum);
      }
    }
  }

  @Override
  public void widen(QuantizedPanel from, int first, Panel to) {
    for (int k = 0; k < to.k(); k++) {
      for (int n = 0; n < Panel.COLUMNS; n++) {
        to.set(k, n, from.get(first + k, n));
      }
    }
  }

  @Override
  public void rmsNorm(Matrix x, float[] weight, float epsilon, Matrix y) {
    for (int row = 0; row < x.rows(); row++) {
      var lanes = new float[LANES];
      for (int i = 0; i < x.cols(); i++) {
        float v = x.get(row, i);
        lanes[i % LANES] = Math.fma(v, v, lanes[i % LANES]);
      }
      float scale = inverseRoot(sum(lanes) / x.cols() + epsilon);
      for (int i = 0; i < x.cols(); i++) {
        y.set(row, i, x.get(row, i) * scale * weight[i]);
      }
    }
  }

  /// `1 / sqrt(x)`, each operation correctly rounded.
  static float inverseRoot(float x) {
    return 1f / (float) Math.sqrt(x);
  }

  /// The fixed tree over the virtual lanes.
  private static float sum(float[] lanes) {
    for (int half = LANES / 2; half >= 1; half /= 2) {
      for (int i = 0; i < half; i++) {
        lanes[i] += lanes[i + half];
      }
    }
    return lanes[0];
  }

  @Override
  public void softmax(Matrix x, int row, int from, int to, float scale) {
    float max = Float.NEGATIVE_INFINITY;
    for (int i = from; i < to; i++) {
      float v = x.get(row, i) * scale;
      x.set(row, i, v);
      max = Math.max(max, v);
    }
    var lanes = new float[LANES];
    for (int i = from; i < to; i++) {
      float e = Exp.exp(x.get(row, i) - max);
      x.set(row, i, e);
      lanes[i % LANES] += e;
    }
    float inverse = 1f / sum(lanes);
    for (int i = from; i < to; i++) {
      x.set(row, i, x.get(row, i) * inverse);
    }
  }

  @Override
  public void siluMultiply(Matrix gate, Matrix up) {
    for (int row = 0; row < gate.rows(); row++) {
      for (int i = 0; i < gate.cols(); i++) {
        gate.set(row, i, siluMultiply(gate.get(row, i), up.get(row, i)));
      }
    }
  }

  static float siluMultiply(float gate, float up) {
    return gate / (1f + Exp.exp(-gate)) * up;
  }

  @Override
  public void clampedSiluMultiply(Matrix gate, Matrix up, float limit, float alpha) {
    for (int row = 0; row < gate.rows(); row++) {
      for (int i = 0; i < gate.cols(); i++) {
        float y = clampedSiluMultiply(gate.get(row, i), up.get(row, i), limit, alpha);
        gate.set(row, i, y);
      }
    }
  }

  static float clampedSiluMultiply(float gate, float up, float limit, float alpha) {
    float g = Math.min(gate, limit);
    float u = Math.min(Math.max(up, -limit), limit);
    return (u + 1f) * (g / (1f + Exp.exp(-(alpha * g))));
  }

  @Override
  public void relu(Matrix x) {
    for (int row = 0; row < x.rows(); row++) {
      for (int i = 0; i < x.cols(); i++) {
        x.set(row, i, Math.max(x.get(row, i), 0));
      }
    }
  }

  @Override
  public void rotate(Matrix x, int row, int from, int half, float[] cos, float[] sin, int angle) {
    for (int i = 0; i < half; i++) {
      rotate(x, row, from + i, from + half + i, cos[angle + i], sin[angle + i]);
    }
  }

  static void rotate(Matrix x, int row, int first, int second, float cos, float sin) {
    float a = x.get(row, first);
    float b = x.get(row, second);
    x.set(row, first, Math.fma(a, cos, -(b * sin)));
    x.set(row, second, Math.fma(b, cos, a * sin));
  }

  @Override
  public void topK(Matrix scores, int row, int k, int[] indices, int at) {
    float lastValue = Float.POSITIVE_INFINITY;
    int lastIndex = -1;
    for (int rank = 0; rank < k; rank++) {
      float bestValue = Float.NEGATIVE_INFINITY;
      int bestIndex = -1;
      for (int i = 0; i < scores.cols(); i++) {
        float v = scores.get(row, i);
        v = Float.isNaN(v) ? Float.NEGATIVE_INFINITY : v;
        boolean remains = v < lastValue || (v == lastValue && i > lastIndex);
        if (remains && (bestIndex < 0 || v > bestValue)) {
          bestValue = v;
          bestIndex = i;
        }
      }
      indices[at + rank] = bestIndex;
      lastValue = bestValue;
      lastIndex = bestIndex;
    }
  }

  @Override
  public void add(Matrix x, Matrix y) {
    for (int row = 0; row < x.rows(); row++) {
      for (int i = 0; i < x.cols(); i++) {
        x.set(row, i, x.get(row, i) + y.get(row, i));
      }
    }
  }

  @Override
  public void addBias(Matrix x, float[] bias, int from) {
    for (int row = 0; row < x.rows(); row++) {
      for (int i = 0; i < x.cols(); i++) {
        x.set(row, i, x.get(row, i) + bias[from + i]);
      }
    }
  }

  @Override
  public void addScaled(Matrix sum, int row, float weight, MemorySegment y, long at) {
    for (int i = 0; i < sum.cols(); i++) {
      addScaled(sum, row, i, weight, y.get(JAVA_FLOAT_UNALIGNED, at + i * 4L));
    }
  }

  static void addScaled(Matrix sum, int row, int col, float weight, float y) {
    sum.set(row, col, Math.fma(weight, y, sum.get(row, col)));
  }

  @Override
  public void widen(MemorySegment bf16, long at, Matrix x, int row) {
    for (int i = 0; i < x.cols(); i++) {
      x.set(row, i, BFloat16.widen(bf16.get(JAVA_SHORT_UNALIGNED, at + i * 2L)));
    }
  }

  @Override
  public void round(Matrix x, int row, MemorySegment bf16, long at) {
    for (int i = 0; i < x.cols(); i++) {
      bf16.set(JAVA_SHORT_UNALIGNED, at + i * 2L, BFloat16.round(x.get(row, i)));
    }
  }
}
