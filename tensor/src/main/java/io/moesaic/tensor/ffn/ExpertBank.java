package io.moesaic.tensor.ffn;

import io.moesaic.tensor.Shape;
import io.moesaic.tensor.checkpoint.Checkpoint;
import io.moesaic.tensor.checkpoint.ModelConfig;
import java.lang.foreign.Arena;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.stream.IntStream;

/// The experts of a model: how many there are, what each computes, and where the checkpoint keeps
/// them. It is all that an expert node knows of the model, and what a router checks its expert
/// nodes against. Immutable.
///
/// MoE layers are numbered from 0, whatever dense layers stand between them; [#blockPrefix] leads
/// back to the checkpoint's own numbers.
public final class ExpertBank {
  private final List<String> prefixes;
  private final int experts;
  private final FeedForward block;
  private final ExpertLayout layout;

  /// @param prefixes what the names of each MoE layer's tensors begin with
  ExpertBank(List<String> prefixes, int experts, FeedForward block, ExpertLayout layout) {
    this.prefixes = List.copyOf(prefixes);
    this.experts = experts;
    this.block = block;
    this.layout = layout;
  }

  /// A bank of these sizes, laid out as in Moesaic's own model type `moe_layers`.
  ///
  /// @param layers MoE layers
  /// @param experts of each layer
  public ExpertBank(int layers, int experts, FeedForward block) {
    this(Families.ownPrefixes(layers), experts, block, Families.ownLayout(block));
  }

  /// Reads the keys of `config.json` by the names that the model's family gives them.
  ///
  /// @throws io.moesaic.tensor.checkpoint.CheckpointException for a family, an activation or a
  ///     quantization that is not known, or values out of bounds
  public static ExpertBank of(ModelConfig config) {
    return new Families(config).bank();
  }

  /// The `model_type`s that [#of] knows.
  public static List<String> families() {
    return Families.NAMES;
  }

  /// MoE layers.
  public int layers() {
    return prefixes.size();
  }

  /// Experts of each layer.
  public int experts() {
    return experts;
  }

  /// What each expert computes.
  public FeedForward block() {
    return block;
  }

  /// What the names of a MoE layer's tensors begin with, its gate's among them: for instance
  /// `model.layers.3.mlp.`.
  public String blockPrefix(int layer) {
    return prefixes.get(layer);
  }

  /// The MoE layer whose tensors' names begin so, if one's do.
  ///
  /// @param prefix of a layer of the model: `model.layers.3.`
  public OptionalInt layerIn(String prefix) {
    return IntStream.range(0, prefixes.size())
        .filter(layer -> prefixes.get(layer).startsWith(prefix))
        .findFirst();
  }

  /// Experts over all layers.
  public int count() {
    return layers() * experts;
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
    return id.layer() >= 0 && id.layer() < layers() && id.expert() >= 0 && id.expert() < experts;
  }

  /// The tensors that hold the experts of a layer when none is quantized, by name.
  public Map<String, Shape> tensors(int layer) {
    Map<String, Shape> tensors = new LinkedHashMap<>();
    for (int expert = 0; expert < experts; expert++) {
      layout.describe(place(new ExpertId(layer, expert)), tensors::put);
    }
    return tensors;
  }

  /// Bytes of an expert in the checkpoint. Checks names, shapes and types without touching a
  /// weight.
  ///
  /// @throws io.moesaic.tensor.checkpoint.CheckpointException when the checkpoint does not hold it
  ///     as this model needs it
  public long storedBytes(Checkpoint checkpoint, ExpertId id) {
    return layout.bytes(checkpoint, place(id));
  }

  /// Maps the byte ranges of one expert for as long as the arena lives.
  ///
  /// @throws io.moesaic.tensor.checkpoint.CheckpointException as [#storedBytes]
  public ExpertWeights map(Checkpoint checkpoint, ExpertId id, Arena arena) {
    return layout.map(checkpoint, place(id), arena);
  }

  private ExpertLayout.Place place(ExpertId id) {
    return new ExpertLayout.Place(blockPrefix(id.layer()), id.expert(), experts, block);
  }
}
