package io.moesaic.tensor.ffn;

import io.moesaic.tensor.Shape;
import io.moesaic.tensor.Weight;
import io.moesaic.tensor.checkpoint.Checkpoint;
import io.moesaic.tensor.checkpoint.ModelConfig;
import java.lang.foreign.Arena;

/// The experts of a model: how many there are, what each computes, and where the checkpoint keeps
/// them. It is all that an expert node knows of the model, and what a router checks its expert
/// nodes against.
///
/// @param layers MoE layers, numbered from 0
/// @param experts experts of each layer, numbered from 0
/// @param block what each expert computes
public record ExpertBank(int layers, int experts, FeedForward block) {
  /// Reads the Mixtral keys of `config.json`.
  ///
  /// @throws io.moesaic.tensor.checkpoint.CheckpointException for another model type, or values out
  ///     of bounds
  public static ExpertBank of(ModelConfig config) {
    var type = config.text("model_type").orElse("absent");
    if (!type.equals("mixtral")) {
      throw config.invalid("model_type", "but only \"mixtral\" is served");
    }
    if (!config.text("hidden_act").orElse("silu").equals("silu")) {
      throw config.invalid("hidden_act", "must be \"silu\"");
    }
    return new ExpertBank(
        config.integer("num_hidden_layers", 1, 1 << 10),
        config.integer("num_local_experts", 1, 1 << 12),
        new FeedForward.SwiGlu(
            config.integer("hidden_size", 1, 1 << 16),
            config.integer("intermediate_size", 1, 1 << 20)));
  }

  /// Experts over all layers.
  public int count() {
    return layers * experts;
  }

  /// Position of an expert when all are numbered layer by layer.
  public int indexOf(ExpertId id) {
    return id.layer() * experts + id.expert();
  }

  /// The expert at a position of [#indexOf].
  public ExpertId at(int index) {
    return new ExpertId(index / experts, index % experts);
  }

  public boolean contains(ExpertId id) {
    return id.layer() >= 0 && id.layer() < layers && id.expert() >= 0 && id.expert() < experts;
  }

  /// Bytes of an expert in the checkpoint. Checks names, shapes and types without touching a
  /// weight.
  ///
  /// @throws io.moesaic.tensor.checkpoint.CheckpointException when the checkpoint does not hold it
  ///     as this model needs it
  public long storedBytes(Checkpoint checkpoint, ExpertId id) {
    return checkpoint.require(gate(id), inward()).bytes()
        + checkpoint.require(up(id), inward()).bytes()
        + checkpoint.require(down(id), outward()).bytes();
  }

  /// Maps the byte ranges of one expert for as long as the arena lives.
  ///
  /// @throws io.moesaic.tensor.checkpoint.CheckpointException as [#storedBytes]
  public ExpertWeights map(Checkpoint checkpoint, ExpertId id, Arena arena) {
    return ExpertWeights.swiGlu(
        Weight.of(checkpoint.map(gate(id), inward(), arena)),
        Weight.of(checkpoint.map(up(id), inward(), arena)),
        Weight.of(checkpoint.map(down(id), outward(), arena)));
  }

  private Shape inward() {
    return Shape.of(block.intermediate(), block.hidden());
  }

  private Shape outward() {
    return Shape.of(block.hidden(), block.intermediate());
  }

  private static String gate(ExpertId id) {
    return prefix(id) + "w1.weight";
  }

  private static String up(ExpertId id) {
    return prefix(id) + "w3.weight";
  }

  private static String down(ExpertId id) {
    return prefix(id) + "w2.weight";
  }

  private static String prefix(ExpertId id) {
    return "model.layers.%d.block_sparse_moe.experts.%d.".formatted(id.layer(), id.expert());
  }
}
