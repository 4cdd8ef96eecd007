package io.moesaic.tensor.ffn;

import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.kernel.Compute;

/// A packed block, run from its input to its output.
final class Packed {
  private Packed() {}

  static Matrix run(Compute compute, PackedExpert expert, Matrix x) {
    int inner = expert.block().intermediate();
    var up = Matrix.allocate(x.rows(), inner);
    var activated = Matrix.allocate(x.rows(), inner);
    var y = Matrix.allocate(x.rows(), expert.block().hidden());
    compute.pool().run(expert.activatePanels(), p -> expert.activate(compute, x, p, up, activated));
    compute.pool().run(expert.projectPanels(), p -> expert.project(compute, activated, p, y));
    return y;
  }
}
