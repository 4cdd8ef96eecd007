package io.moesaic.tensor.kernel;

import io.moesaic.tensor.Matrix;
import java.lang.foreign.MemorySegment;

/// The inner loops of a model. Two implementations, [ScalarKernels] and [VectorKernels], give the
/// same bits on every machine and at every vector width, because each kernel fixes its order of
/// operations:
///
/// - a dot product is one chain of fused multiply-adds from k = 0 upward, from zero or from what is
///   already there;
/// - a reduction over n elements keeps 16 virtual lanes, element i going to lane i % 16, and adds
///   them in a fixed tree (lane i + lane i + 8, then + 4, + 2, + 1);
/// - `exp` is our own polynomial ([Exp]); division and square root are IEEE; nothing else is
///   transcendental.
///
/// So the result for a row depends on nothing but that row. NaNs stay NaNs; their payload is not
/// specified.
///
/// Implementations keep no state, allocate nothing, and may be called from any thread. Work is
/// split over threads one level up, in [Compute].
public sealed interface Kernels permits ScalarKernels, VectorKernels {
  /// What was chosen, for logs: `Vector API, 512 bits`.
  String describe();

  /// One panel's share of a matrix product: `c[m, n] = Σ_k a[m, k] · w[k, n]` for the panel's 64
  /// columns, or `c[m, n] += ...` with the chain going on from what `c` holds.
  ///
  /// @param a `[rows, w.k()]`
  /// @param c `[rows, 64]`, all 64 columns are written
  void panel(Matrix a, Panel w, Matrix c, boolean accumulate);

  /// Widens lines of a quantized panel to float32, exactly as [QuantizedPanel#get] tells them.
  ///
  /// @param first the first line, a multiple of 128
  /// @param to receives as many lines as it has, float32
  void widen(QuantizedPanel from, int first, Panel to);

  /// Root mean square norm of each row: `y = weight · (x / sqrt(mean(x²) + epsilon))`.
  ///
  /// @param x `[rows, cols]`
  /// @param weight `cols` floats
  /// @param y `[rows, cols]`, may be `x`
  void rmsNorm(Matrix x, float[] weight, float epsilon, Matrix y);

  /// Softmax of `scale · x` over the columns `from <= i < to` of one row, in place. Lanes follow
  /// the absolute column, so a window that starts late gives the bits of the full row with the rest
  /// masked.
  void softmax(Matrix x, int row, int from, int to, float scale);

  /// `gate = silu(gate) · up`, element by element, with `silu(g) = g / (1 + exp(-g))`.
  ///
  /// @param gate `[rows, cols]`, overwritten
  /// @param up `[rows, cols]`
  void siluMultiply(Matrix gate, Matrix up);

  /// `gate = (u + 1) · (g / (1 + exp(-alpha · g)))`, element by element, with `g = min(gate,
  /// limit)` and `u` the nearest to `up` of `-limit .. limit`.
  ///
  /// @param gate `[rows, cols]`, overwritten
  /// @param up `[rows, cols]`
  void clampedSiluMultiply(Matrix gate, Matrix up, float limit, float alpha);

  /// `x = max(x, 0)`, element by element.
  ///
  /// @param x `[rows, cols]`
  void relu(Matrix x);

  /// Rotary position embedding of one head, in place: for `i < half` the pair `x[i]`, `x[i + half]`
  /// is turned by the angle whose cosine and sine stand at i.
  ///
  /// @param x one row, `[2 · half]` floats from column `from` on
  /// @param cos `half` floats from index `angle` on; `sin` likewise
  void rotate(Matrix x, int row, int from, int half, float[] cos, float[] sin, int angle);

  /// The `k` largest of a row: by value descending, then by lower index. NaN ranks with minus
  /// infinity.
  ///
  /// @param scores one row, `[cols]`
  /// @param indices receives the k columns, best first, from position `at` on
  void topK(Matrix scores, int row, int k, int[] indices, int at);

  /// `x += y`, element by element.
  ///
  /// @param x `[rows, cols]`
  /// @param y `[rows, cols]`
  void add(Matrix x, Matrix y);

  /// Adds the same values to each row: `x[row, i] += bias[from + i]`.
  ///
  /// @param x `[rows, cols]`
  void addBias(Matrix x, float[] bias, int from);

  /// `sum[row] += weight · y`, each element one fused multiply-add: a combine step.
  ///
  /// @param y `sum.cols()` contiguous float32 values from byte `at` on
  void addScaled(Matrix sum, int row, float weight, MemorySegment y, long at);

  /// Widens bfloat16 to float32, exactly.
  ///
  /// @param x receives one row, `[cols]`
  /// @param bf16 `x.cols()` bfloat16 values from byte `at` on
  void widen(MemorySegment bf16, long at, Matrix x, int row);

  /// Rounds a row to bfloat16, to nearest, ties to even.
  ///
  /// @param x one row, `[cols]`
  /// @param bf16 receives `x.cols()` bfloat16 values from byte `at` on
  void round(Matrix x, int row, MemorySegment bf16, long at);

  /// The fastest kernels of this machine.
  static Kernels best() {
    return VectorKernels.SUPPORTED ? new VectorKernels() : new ScalarKernels();
  }

  /// The plain loops that [VectorKernels] is tested against.
  static Kernels scalar() {
    return new ScalarKernels();
  }
}
