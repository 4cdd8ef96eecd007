package io.moesaic.router.gate;

import io.moesaic.tensor.Shape;
import io.moesaic.tensor.Tensor;
import io.moesaic.tensor.checkpoint.Checkpoint;
import io.moesaic.tensor.checkpoint.ModelConfig;
import io.moesaic.tensor.ffn.ExpertBank;
import io.moesaic.tensor.kernel.PackedMatrix;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Where checkpoints keep the gates of their MoE layers.
public final class GateBank {
  private GateBank() {}

  /// Names of a gate's tensors behind the prefix of its block; null for what the family has not.
  private record Names(
      String weight, @Nullable String bias, @Nullable String choiceBias, @Nullable String noise) {
    Names(String weight) {
      this(weight, null, null, null);
    }
  }

  private static Names names(ModelConfig config) {
    var type = config.text("model_type").orElse("absent");
    return switch (type) {
      case "mixtral", "olmoe", "qwen2_moe", "qwen3_moe", "deepseek_v2" -> new Names("gate.weight");
      case "granitemoe" -> new Names("router.layer.weight");
      case "gpt_oss" -> new Names("router.weight", "router.bias", null, null);
      case "switch_transformers" ->
          new Names(
              "router.classifier.weight",
              config.flagOr("router_bias", false) ? "router.classifier.bias" : null,
              null,
              null);
      case "deepseek_v3" -> new Names("gate.weight", null, "gate.e_score_correction_bias", null);
      case "moe_layers" ->
          new Names("gate.weight", "gate.bias", "gate.choice_bias", "gate.noise.weight");
      default -> throw config.invalid("model_type", "its gate is not known");
    };
  }

  /// The gate of each MoE layer.
  ///
  /// @param arena owns what is packed
  /// @throws io.moesaic.tensor.checkpoint.CheckpointException when a tensor is missing or of
  ///     another shape or type
  public static List<GateWeights> load(
      ModelConfig config, Checkpoint checkpoint, ExpertBank bank, Arena arena) {
    var names = names(config);
    boolean optional = config.text("model_type").orElse("").equals("moe_layers");
    List<GateWeights> gates = new ArrayList<>();
    for (int layer = 0; layer < bank.layers(); layer++) {
      var loader = new Loader(checkpoint, bank, bank.blockPrefix(layer), optional, arena);
      gates.add(
          new GateWeights(
              loader.matrix(names.weight),
              loader.vector(names.bias),
              loader.vector(names.choiceBias),
              loader.optionalMatrix(names.noise)));
    }
    return List.copyOf(gates);
  }

  /// @param optional whether tensors other than the weight may be absent
  private record Loader(
      Checkpoint checkpoint, ExpertBank bank, String prefix, boolean optional, Arena arena) {
    PackedMatrix matrix(String name) {
      // Mapped for as long as it takes to pack: the pages can go once they are copied.
      try (var mapping = Arena.ofShared()) {
        return PackedMatrix.pack(
            arena, map(name, Shape.of(bank.experts(), bank.block().hidden()), mapping));
      }
    }

    @Nullable PackedMatrix optionalMatrix(@Nullable String name) {
      return name == null || isAbsent(name) ? null : matrix(name);
    }

    float @Nullable [] vector(@Nullable String name) {
      if (name == null || isAbsent(name)) {
        return null;
      }
      try (var mapping = Arena.ofShared()) {
        var tensor = map(name, Shape.of(bank.experts()), mapping);
        var values = new float[bank.experts()];
        for (int i = 0; i < values.length; i++) {
          values[i] = tensor.getFloat(i);
        }
        return values;
      }
    }

    private boolean isAbsent(String name) {
      return optional && !checkpoint.names().contains(prefix + name);
    }

    private Tensor map(String name, Shape shape, Arena mapping) {
      return checkpoint.map(prefix + name, shape, mapping);
    }
  }
}
