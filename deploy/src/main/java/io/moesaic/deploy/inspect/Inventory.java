package io.moesaic.deploy.inspect;

import io.moesaic.tensor.Shape;
import io.moesaic.tensor.checkpoint.ModelConfig;
import io.moesaic.tensor.ffn.ExpertBank;
import java.util.Collection;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.function.Predicate;

/// The tensors that a model has by its `config.json`, named as Hugging Face transformers names
/// them, and as they are before any is quantized. It is put together apart from what loads weights,
/// so that each can be held against the other.
///
/// Filled by one thread, then only read.
final class Inventory {
  /// @param name in the checkpoint
  record Entry(Part part, String name, Shape shape) {}

  private final Map<String, Entry> entries = new LinkedHashMap<>();
  private final ModelConfig config;
  private final ExpertBank bank;
  private final int layers;
  private final int encoderLayers;

  private Inventory(ModelConfig config, ExpertBank bank, int layers, int encoderLayers) {
    this.config = config;
    this.bank = bank;
    this.layers = layers;
    this.encoderLayers = encoderLayers;
  }

  /// @param stored whether a checkpoint holds a tensor that a model may have or not
  /// @throws io.moesaic.tensor.checkpoint.CheckpointException naming the key that is missing or out
  ///     of bounds
  static Inventory of(ModelConfig config, ExpertBank bank, Predicate<String> stored) {
    return switch (config.text("model_type").orElse("")) {
      case "switch_transformers" -> {
        int encoder = config.integer("num_layers", 1, 1 << 10);
        int decoder = config.integer("num_decoder_layers", 1, 1 << 10);
        var inventory = new Inventory(config, bank, encoder + decoder, encoder);
        new SwitchTensors(inventory, encoder, decoder).list();
        yield inventory;
      }
      case "moe_layers" -> {
        var inventory = new Inventory(config, bank, bank.layers(), 0);
        inventory.listOwnLayers(stored);
        yield inventory;
      }
      default -> {
        var inventory =
            new Inventory(config, bank, config.integer("num_hidden_layers", 1, 1 << 10), 0);
        new DecoderTensors(inventory).list();
        yield inventory;
      }
    };
  }

  ModelConfig config() {
    return config;
  }

  ExpertBank bank() {
    return bank;
  }

  /// Layers with and without experts.
  int layers() {
    return layers;
  }

  /// Of these, the layers of an encoder; 0 without one.
  int encoderLayers() {
    return encoderLayers;
  }

  Collection<Entry> entries() {
    return Collections.unmodifiableCollection(entries.values());
  }

  boolean has(String name) {
    return entries.containsKey(name);
  }

  void add(Part part, String name, long... dims) {
    add(part, name, Shape.of(dims));
  }

  private void add(Part part, String name, Shape shape) {
    entries.put(name, new Entry(part, name, shape));
  }

  /// A product and maybe its bias.
  void addProduct(Part part, String name, int outputs, int inputs, boolean biased) {
    add(part, name + ".weight", outputs, inputs);
    if (biased) {
      add(part, name + ".bias", outputs);
    }
  }

  /// The routed experts of a layer.
  void addExperts(int moeLayer) {
    bank.tensors(moeLayer).forEach((name, shape) -> add(Part.EXPERTS, name, shape));
  }

  /// Moesaic's own type: gates and experts, and nothing else.
  private void listOwnLayers(Predicate<String> stored) {
    int experts = bank.experts();
    int hidden = bank.block().hidden();
    for (int layer = 0; layer < bank.layers(); layer++) {
      var gate = bank.blockPrefix(layer) + "gate.";
      add(Part.GATES, gate + "weight", experts, hidden);
      for (var vector : new String[] {"bias", "choice_bias"}) {
        if (stored.test(gate + vector)) {
          add(Part.GATES, gate + vector, experts);
        }
      }
      if (stored.test(gate + "noise.weight")) {
        add(Part.GATES, gate + "noise.weight", experts, hidden);
      }
      addExperts(layer);
    }
  }
}
