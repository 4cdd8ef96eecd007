package io.moesaic.router.moe;

import io.moesaic.tensor.Weight;
import io.moesaic.tensor.checkpoint.Checkpoint;
import io.moesaic.tensor.checkpoint.ModelConfig;
import io.moesaic.tensor.checkpoint.StoredMatrix;
import io.moesaic.tensor.ffn.ExpertBank;
import io.moesaic.tensor.ffn.ExpertWeights;
import io.moesaic.tensor.ffn.PackedExpert;
import io.moesaic.tensor.kernel.PackedMatrix;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// Where checkpoints keep the shared experts of their MoE layers.
public final class SharedExperts {
  private static final int MAX_WIDTH = 1 << 20;

  private SharedExperts() {}

  /// Names behind the prefix of a block, and the width in between.
  private record Stored(String expert, @Nullable String gate, int intermediate) {}

  private static Optional<Stored> stored(ModelConfig config) {
    return switch (config.text("model_type").orElse("")) {
      case "qwen2_moe" ->
          Optional.of(
              new Stored(
                  "shared_expert.",
                  "shared_expert_gate.weight",
                  config.integer("shared_expert_intermediate_size", 1, MAX_WIDTH)));
      case "deepseek_v2", "deepseek_v3" -> deepseek(config);
      default -> Optional.empty();
    };
  }

  /// Several shared experts are one that is as wide as all of them.
  private static Optional<Stored> deepseek(ModelConfig config) {
    int experts = config.integerOr("n_shared_experts", 0, 0, 1 << 10);
    int width = config.integer("moe_intermediate_size", 1, MAX_WIDTH);
    return experts == 0
        ? Optional.empty()
        : Optional.of(new Stored("shared_experts.", null, experts * width));
  }

  /// The shared expert of each MoE layer; empty for a model that has none.
  ///
  /// @param arena owns what is packed
  /// @throws io.moesaic.tensor.checkpoint.CheckpointException when a tensor is missing or of
  ///     another shape or type
  public static List<SharedExpert> load(
      ModelConfig config, Checkpoint checkpoint, ExpertBank bank, Arena arena) {
    return stored(config)
        .map(
            stored ->
                IntStream.range(0, bank.layers())
                    .mapToObj(
                        layer ->
                            new Loader(checkpoint, bank.blockPrefix(layer), bank, arena)
                                .load(stored))
                    .toList())
        .orElse(List.of());
  }

  private record Loader(Checkpoint checkpoint, String prefix, ExpertBank bank, Arena arena) {
    SharedExpert load(Stored stored) {
      int hidden = bank.block().hidden();
      int inner = stored.intermediate;
      var name = prefix + stored.expert;
      // Mapped for as long as it takes to pack: the pages can go once they are copied.
      try (var mapping = Arena.ofShared()) {
        var weights =
            ExpertWeights.swiGlu(
                map(name + "gate_proj.weight", inner, hidden, mapping),
                map(name + "up_proj.weight", inner, hidden, mapping),
                map(name + "down_proj.weight", hidden, inner, mapping));
        var gate =
            stored.gate == null
                ? null
                : PackedMatrix.pack(arena, map(prefix + stored.gate, 1, hidden, mapping));
        return new SharedExpert(PackedExpert.pack(arena, weights), gate);
      }
    }

    private Weight map(String name, int outputs, int inputs, Arena mapping) {
      return new StoredMatrix(name, outputs, inputs).map(checkpoint, mapping);
    }
  }
}
