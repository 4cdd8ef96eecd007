package io.moesaic.tensor.ffn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.Tensor;
import io.moesaic.tensor.TestModels;
import io.moesaic.tensor.Weight;
import io.moesaic.tensor.checkpoint.Checkpoint;
import io.moesaic.tensor.checkpoint.ModelConfig;
import io.moesaic.tensor.kernel.Compute;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Whole MoE blocks of every family: our experts, weighted by a gate in plain double precision,
/// against the output that the reference implementation recorded for the same input.
class GoldenExpertsTest {
  private static final double TOLERANCE = 1e-5;

  /// How a family weighs the experts that it has chosen.
  enum Gate {
    SOFTMAX_OF_CHOSEN,
    SOFTMAX,
    SIGMOID_NORMALISED
  }

  /// @param gate of the block, by its tensors' name
  /// @param scale of the weights
  /// @param shared experts that see every token, by the prefix of their tensors; empty for none
  record Family(Path model, Gate weights, String gate, double scale, String shared) {
    @Override
    public String toString() {
      return String.valueOf(model.getFileName());
    }
  }

  static Stream<Family> families() {
    var softmaxOfChosen = Gate.SOFTMAX_OF_CHOSEN;
    return Stream.of(
        new Family(TestModels.mixtral(), softmaxOfChosen, "gate", 1, ""),
        new Family(TestModels.shardedBf16(), softmaxOfChosen, "gate", 1, ""),
        new Family(TestModels.olmoe(), Gate.SOFTMAX, "gate", 1, ""),
        new Family(TestModels.qwen2Moe(), Gate.SOFTMAX, "gate", 1, "shared_expert."),
        new Family(TestModels.qwen3Moe(), softmaxOfChosen, "gate", 1, ""),
        new Family(TestModels.graniteMoe(), softmaxOfChosen, "router.layer", 1, ""),
        new Family(TestModels.gptOss(), softmaxOfChosen, "router", 1, ""),
        new Family(TestModels.deepseekV2(), Gate.SOFTMAX, "gate", 1.5, "shared_experts."),
        new Family(
            TestModels.deepseekV3(), Gate.SIGMOID_NORMALISED, "gate", 2.5, "shared_experts."),
        new Family(TestModels.switchTransformers(), Gate.SOFTMAX, "router.classifier", 1, ""),
        new Family(TestModels.switchTransformersTight(), Gate.SOFTMAX, "router.classifier", 1, ""));
  }

  @ParameterizedTest
  @MethodSource("families")
  void blocksGiveTheReferencesOutput(Family family) {
    try (var golden = new Block(family)) {
      for (int layer = 0; layer < golden.bank.layers(); layer++) {
        golden.checkLayer(layer);
      }
    }
  }

  /// A model, and what the reference computed from it.
  private static final class Block implements AutoCloseable {
    private final Family family;
    private final Arena arena = Arena.ofShared();
    private final Compute compute = Compute.on(1, "golden");
    private final Checkpoint checkpoint;
    private final Checkpoint expected;
    private final ExpertBank bank;
    private final boolean oneHot;

    Block(Family family) {
      this.family = family;
      checkpoint = Checkpoint.open(family.model);
      expected = Checkpoint.openFile(family.model.resolve("expected.safetensors"));
      bank = ExpertBank.of(ModelConfig.read(family.model));
      oneHot = family.gate.equals("router.classifier");
    }

    void checkLayer(int layer) {
      var input = expected.map("hidden_in." + layer, arena);
      var output = expected.map("hidden_out." + layer, arena);
      var chosen = expected.map("topk_index." + layer, arena);
      int hidden = bank.block().hidden();
      int tokens = (int) input.shape().dim(0);
      assertTrue(tokens > 0);
      for (int token = 0; token < tokens; token++) {
        var x = new float[hidden];
        for (int i = 0; i < hidden; i++) {
          x[i] = input.getFloat((long) token * hidden + i);
        }
        var y = output(layer, x, choices(chosen, token));
        for (int i = 0; i < hidden; i++) {
          double actual = output.getFloat((long) token * hidden + i);
          assertEquals(
              actual,
              y[i],
              TOLERANCE * Math.max(1, Math.abs(actual)),
              "layer %d token %d".formatted(layer, token));
        }
      }
    }

    /// The token's experts: a list, or for Switch Transformers a mask that is empty when the expert
    /// had no room.
    private int[] choices(Tensor chosen, int token) {
      int width = (int) chosen.shape().dim(1);
      long first = (long) token * width;
      return oneHot
          ? IntStream.range(0, width).filter(e -> chosen.getLong(first + e) != 0).toArray()
          : IntStream.range(0, width).map(i -> (int) chosen.getLong(first + i)).toArray();
    }

    private double[] output(int layer, float[] x, int[] choices) {
      var prefix = bank.blockPrefix(layer);
      var weights = weights(prefix, x, choices);
      var y = new double[x.length];
      for (int rank = 0; rank < choices.length; rank++) {
        var expert = bank.map(checkpoint, new ExpertId(layer, choices[rank]), arena);
        add(y, weights[rank], expert, x);
      }
      if (!family.shared.isEmpty()) {
        var names = Stream.of("gate_proj", "up_proj", "down_proj");
        List<Weight> shared =
            names.map(name -> map(prefix + family.shared + name + ".weight")).toList();
        var gate = prefix + "shared_expert_gate.weight";
        double weight = checkpoint.names().contains(gate) ? sigmoid(dot(map(gate), 0, x)) : 1;
        add(y, weight, ExpertWeights.swiGlu(shared.get(0), shared.get(1), shared.get(2)), x);
      }
      return y;
    }

    private Weight map(String name) {
      return Weight.of(checkpoint.map(name, arena));
    }

    /// Adds an expert's output, computed twice.
    private void add(double[] y, double weight, ExpertWeights expert, float[] x) {
      var plain = PlainExpert.run(expert, x);
      var packed = packed(expert, x);
      for (int i = 0; i < y.length; i++) {
        assertEquals(Float.floatToIntBits(plain[i]), Float.floatToIntBits(packed.get(0, i)));
        y[i] += weight * plain[i];
      }
    }

    private Matrix packed(ExpertWeights weights, float[] x) {
      try (var memory = Arena.ofConfined()) {
        var expert = PackedExpert.pack(memory, weights);
        var row = Matrix.allocate(1, x.length);
        System.arraycopy(x, 0, row.data(), 0, x.length);
        return Packed.run(compute, expert, row);
      }
    }

    private double[] weights(String prefix, float[] x, int[] choices) {
      var scores = new double[bank.experts()];
      var gate = map(prefix + family.gate + ".weight");
      var bias = prefix + family.gate + ".bias";
      for (int expert = 0; expert < scores.length; expert++) {
        scores[expert] = dot(gate, expert, x);
        if (checkpoint.names().contains(bias)) {
          scores[expert] += checkpoint.map(bias, arena).getFloat(expert);
        }
      }
      var all = IntStream.range(0, scores.length);
      return switch (family.weights) {
        case SOFTMAX_OF_CHOSEN -> {
          double sum = IntStream.of(choices).mapToDouble(e -> Math.exp(scores[e])).sum();
          yield shares(choices, e -> Math.exp(scores[e]) / sum);
        }
        case SOFTMAX -> {
          double sum = all.mapToDouble(e -> Math.exp(scores[e])).sum();
          yield shares(choices, e -> Math.exp(scores[e]) / sum);
        }
        case SIGMOID_NORMALISED -> {
          double sum = IntStream.of(choices).mapToDouble(e -> sigmoid(scores[e])).sum();
          yield shares(choices, e -> sigmoid(scores[e]) / sum);
        }
      };
    }

    private double[] shares(int[] choices, IntToDoubleFunction share) {
      return IntStream.of(choices).mapToDouble(share).map(w -> w * family.scale).toArray();
    }

    private static double sigmoid(double x) {
      return 1 / (1 + Math.exp(-x));
    }

    private static double dot(Weight weight, int output, float[] x) {
      double sum = 0;
      for (int k = 0; k < x.length; k++) {
        sum += (double) weight.get(output, k) * x[k];
      }
      return sum;
    }

    @Override
    public void close() {
      compute.close();
      checkpoint.close();
      expected.close();
      arena.close();
    }
  }
}
