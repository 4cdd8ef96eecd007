package io.moesaic.tensor.ffn;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moesaic.tensor.DType;
import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.Shape;
import io.moesaic.tensor.Tensor;
import io.moesaic.tensor.checkpoint.Checkpoint;
import io.moesaic.tensor.checkpoint.ModelConfig;
import io.moesaic.tensor.kernel.Compute;
import io.moesaic.tensor.kernel.ComputePool;
import io.moesaic.tensor.kernel.Kernels;
import io.moesaic.tensor.kernel.Randoms;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Models of Moesaic's own type, which are MoE layers and nothing else, of sizes that fit no panel.
class MoeLayersTest {
  private static final int LAYERS = 2;
  private static final int EXPERTS = 3;
  private static final int HIDDEN = 67;
  private static final int INTERMEDIATE = 130;

  @TempDir private Path directory = Path.of(".");

  private final Arena arena = Arena.ofShared();
  private final Randoms random = new Randoms(arena);
  private final Map<String, Tensor> tensors = new TreeMap<>();

  @AfterEach
  void free() {
    arena.close();
  }

  private void put(String name, int... dims) {
    int outputs = dims[0];
    int inputs = dims.length == 1 ? 1 : dims[1];
    var data = random.weight(DType.F32, outputs, inputs).data();
    var shape = dims.length == 1 ? Shape.of(outputs) : Shape.of(outputs, inputs);
    tensors.put(name, new Tensor(name, DType.F32, shape, data));
  }

  private void write(String activation, boolean biased) throws IOException {
    var inward = activation.equals("relu") ? List.of("up_proj") : List.of("gate_proj", "up_proj");
    for (int layer = 0; layer < LAYERS; layer++) {
      for (int expert = 0; expert < EXPERTS; expert++) {
        var prefix = "layers.%d.experts.%d.".formatted(layer, expert);
        for (var name : inward) {
          put(prefix + name + ".weight", INTERMEDIATE, HIDDEN);
        }
        put(prefix + "down_proj.weight", HIDDEN, INTERMEDIATE);
        if (biased) {
          put(prefix + "up_proj.bias", INTERMEDIATE);
          put(prefix + "down_proj.bias", HIDDEN);
        }
      }
    }
    var config =
        """
        {"model_type": "moe_layers", "num_layers": %d, "num_experts": %d, "hidden_size": %d,
         "intermediate_size": %d, "activation": "%s", "expert_bias": %s}
        """
            .formatted(LAYERS, EXPERTS, HIDDEN, INTERMEDIATE, activation, biased);
    ModelFiles.write(directory, config, tensors.values());
  }

  /// Every expert's output for a row, which the packed twins have bit by bit.
  private List<float[]> outputs(float[] x) {
    List<float[]> outputs = new ArrayList<>();
    var row = Matrix.allocate(1, HIDDEN);
    System.arraycopy(x, 0, row.data(), 0, HIDDEN);
    try (var checkpoint = Checkpoint.open(directory);
        var scalar = new Compute(Kernels.scalar(), new ComputePool(1, "scalar"));
        var fast = Compute.on(2, "fast")) {
      var bank = ExpertBank.of(ModelConfig.read(directory));
      for (int i = 0; i < bank.count(); i++) {
        var weights = bank.map(checkpoint, bank.at(i), arena);
        assertEquals(bank.block(), weights.block());
        var plain = PlainExpert.run(weights, x);
        for (var compute : List.of(scalar, fast)) {
          var packed = Packed.run(compute, PackedExpert.pack(arena, weights), row);
          for (int k = 0; k < HIDDEN; k++) {
            int expected = Float.floatToIntBits(plain[k]);
            assertEquals(expected, Float.floatToIntBits(packed.get(0, k)), random.seed());
          }
        }
        outputs.add(plain);
      }
    }
    return outputs;
  }

  @Test
  void swiGluExpertsComputeTheSameBitsInAllThreeWays() throws IOException {
    write("swiglu", false);
    assertEquals(LAYERS * EXPERTS, outputs(random.floats(HIDDEN)).size());
  }

  @ParameterizedTest
  @ValueSource(booleans = {false, true})
  void reluExpertsAreWhatTheirFormulaSays(boolean biased) throws IOException {
    write("relu", biased);
    var x = random.floats(HIDDEN);
    var outputs = outputs(x);
    for (int i = 0; i < outputs.size(); i++) {
      var prefix = "layers.%d.experts.%d.".formatted(i / EXPERTS, i % EXPERTS);
      var inner = product(prefix + "up_proj", x, INTERMEDIATE);
      for (int k = 0; k < INTERMEDIATE; k++) {
        inner[k] = Math.max(inner[k], 0);
      }
      var expected = product(prefix + "down_proj", inner, HIDDEN);
      for (int k = 0; k < HIDDEN; k++) {
        assertEquals(expected[k], outputs.get(i)[k], 1e-3, random.seed());
      }
    }
  }

  private float[] product(String name, float[] x, int outputs) {
    var weight = Objects.requireNonNull(tensors.get(name + ".weight"));
    var bias = tensors.get(name + ".bias");
    var y = new float[outputs];
    for (int n = 0; n < outputs; n++) {
      double sum = bias == null ? 0 : bias.getFloat(n);
      for (int k = 0; k < x.length; k++) {
        sum += (double) weight.getFloat((long) n * x.length + k) * x[k];
      }
      y[n] = (float) sum;
    }
    return y;
  }
}
