package io.moesaic.router.moe;

import io.moesaic.router.gate.Choices;
import io.moesaic.router.trunk.MoeLayer;
import io.moesaic.router.trunk.RowFailures;
import io.moesaic.tensor.BFloat16;
import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.Shape;
import io.moesaic.tensor.Tensor;
import io.moesaic.tensor.checkpoint.Checkpoint;
import io.moesaic.tensor.checkpoint.ModelConfig;
import io.moesaic.tensor.ffn.ExpertBank;
import io.moesaic.tensor.ffn.ExpertId;
import io.moesaic.tensor.kernel.Kernels;
import io.moesaic.wire.WireType;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;

/// The oracle of every distributed run: all experts in one process, plain loops over the
/// checkpoint's own tensors, one row after the other.
public final class ReferenceMoe implements MoeLayer, AutoCloseable {
  private final Arena arena = Arena.ofShared();
  private final Kernels kernels = Kernels.scalar();
  private final Checkpoint checkpoint;
  private final ExpertBank bank;
  private final int ranks;
  private final WireType wire;
  private final MoeObserver observer;
  private final Map<String, float[]> weights = new HashMap<>();

  public ReferenceMoe(Path model, WireType wire, MoeObserver observer) {
    var config = ModelConfig.read(model);
    checkpoint = Checkpoint.open(model);
    bank = ExpertBank.of(config);
    ranks = config.integer("num_experts_per_tok", 1, bank.experts());
    this.wire = wire;
    this.observer = observer;
  }

  @Override
  public void forward(int layer, Matrix hidden, Matrix output, RowFailures failures) {
    int width = bank.block().hidden();
    var chosen = new int[hidden.rows() * ranks];
    var shares = new float[hidden.rows() * ranks];
    for (int row = 0; row < hidden.rows(); row++) {
      var x = new float[width];
      System.arraycopy(hidden.data(), hidden.at(row), x, 0, width);
      var scores = Matrix.allocate(1, bank.experts());
      var gate =
          multiply(x, "model.layers." + layer + ".block_sparse_moe.gate.weight", bank.experts());
      System.arraycopy(gate, 0, scores.data(), 0, gate.length);
      kernels.softmax(scores, 0, 0, bank.experts(), 1);
      kernels.topK(scores, 0, ranks, chosen, row * ranks);
      float sum = 0;
      for (int rank = 0; rank < ranks; rank++) {
        sum += scores.get(0, chosen[row * ranks + rank]);
      }
      var total = new float[width];
      for (int rank = 0; rank < ranks; rank++) {
        int expert = chosen[row * ranks + rank];
        float share = scores.get(0, expert) / sum;
        shares[row * ranks + rank] = share;
        var y = onWire(expert(new ExpertId(layer, expert), onWire(x)));
        for (int i = 0; i < width; i++) {
          total[i] = Math.fma(share, y[i], total[i]);
        }
      }
      System.arraycopy(total, 0, output.data(), output.at(row), width);
    }
    observer.observed(layer, hidden, new Choices(hidden.rows(), ranks, chosen, shares), output);
  }

  private float[] onWire(float[] x) {
    if (wire == WireType.F32) {
      return x;
    }
    var rounded = new float[x.length];
    for (int i = 0; i < x.length; i++) {
      rounded[i] = BFloat16.widen(BFloat16.round(x[i]));
    }
    return rounded;
  }

  /// One expert's output for one row.
  public float[] expert(ExpertId id, float[] x) {
    var prefix = "model.layers.%d.block_sparse_moe.experts.%d.".formatted(id.layer(), id.expert());
    int inner = bank.block().intermediate();
    var gate = Matrix.allocate(1, inner);
    var up = Matrix.allocate(1, inner);
    System.arraycopy(multiply(x, prefix + "w1.weight", inner), 0, gate.data(), 0, inner);
    System.arraycopy(multiply(x, prefix + "w3.weight", inner), 0, up.data(), 0, inner);
    kernels.siluMultiply(gate, up);
    var activated = new float[inner];
    System.arraycopy(gate.data(), 0, activated, 0, inner);
    return multiply(activated, prefix + "w2.weight", x.length);
  }

  /// `W x`, each element a chain of fused multiply-adds.
  private float[] multiply(float[] x, String name, int outputs) {
    var w =
        weights.computeIfAbsent(
            name, n -> floats(checkpoint.map(n, Shape.of(outputs, x.length), arena)));
    var y = new float[outputs];
    for (int n = 0; n < outputs; n++) {
      float sum = 0;
      for (int k = 0; k < x.length; k++) {
        sum = Math.fma(x[k], w[n * x.length + k], sum);
      }
      y[n] = sum;
    }
    return y;
  }

  private static float[] floats(Tensor tensor) {
    var values = new float[Math.toIntExact(tensor.shape().elements())];
    for (int i = 0; i < values.length; i++) {
      values[i] = tensor.getFloat(i);
    }
    return values;
  }

  @Override
  public void close() {
    checkpoint.close();
    arena.close();
  }
}
