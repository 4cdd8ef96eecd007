package io.moesaic.tensor.kernel;

import static io.moesaic.tensor.kernel.VectorKernels.LENGTH;
import static io.moesaic.tensor.kernel.VectorKernels.load;

import io.moesaic.tensor.Matrix;

/// What happens to an activation between two products, element by element: whole vectors, then the
/// scalar twin's arithmetic for the rest of a row.
final class VectorActivations {
  private VectorActivations() {}

  static void siluMultiply(Matrix gate, Matrix up) {
    int cols = gate.cols();
    for (int row = 0; row < gate.rows(); row++) {
      int i = 0;
      for (; i + LENGTH <= cols; i += LENGTH) {
        int at = gate.at(row) + i;
        var g = load(gate.data(), at);
        g.div(Exp.exp(g.neg()).add(1f))
            .mul(load(up.data(), up.at(row) + i))
            .intoArray(gate.data(), at);
      }
      for (; i < cols; i++) {
        gate.set(row, i, ScalarKernels.siluMultiply(gate.get(row, i), up.get(row, i)));
      }
    }
  }

  static void clampedSiluMultiply(Matrix gate, Matrix up, float limit, float alpha) {
    int cols = gate.cols();
    for (int row = 0; row < gate.rows(); row++) {
      int i = 0;
      for (; i + LENGTH <= cols; i += LENGTH) {
        int at = gate.at(row) + i;
        var g = load(gate.data(), at).min(limit);
        var u = load(up.data(), up.at(row) + i).max(-limit).min(limit);
        u.add(1f).mul(g.div(Exp.exp(g.mul(alpha).neg()).add(1f))).intoArray(gate.data(), at);
      }
      for (; i < cols; i++) {
        float y = ScalarKernels.clampedSiluMultiply(gate.get(row, i), up.get(row, i), limit, alpha);
        gate.set(row, i, y);
      }
    }
  }

  static void relu(Matrix x) {
    int cols = x.cols();
    for (int row = 0; row < x.rows(); row++) {
      int i = 0;
      for (; i + LENGTH <= cols; i += LENGTH) {
        int at = x.at(row) + i;
        load(x.data(), at).max(0f).intoArray(x.data(), at);
      }
      for (; i < cols; i++) {
        x.set(row, i, Math.max(x.get(row, i), 0));
      }
    }
  }

  static void addBias(Matrix x, float[] bias, int from) {
    int cols = x.cols();
    for (int row = 0; row < x.rows(); row++) {
      int i = 0;
      for (; i + LENGTH <= cols; i += LENGTH) {
        int at = x.at(row) + i;
        load(x.data(), at).add(load(bias, from + i)).intoArray(x.data(), at);
      }
      for (; i < cols; i++) {
        x.set(row, i, x.get(row, i) + bias[from + i]);
      }
    }
  }
}
