package io.moesaic.deploy.inspect;

import io.moesaic.tensor.checkpoint.ModelConfig;
import io.moesaic.tensor.ffn.ExpertBank;

/// The tensors of Switch Transformers: an encoder and a decoder as in T5, whose first layers hold a
/// table of biases by distance for all. `H` is the width of an activation, `A` that of all heads.
final class SwitchTensors {
  private static final int MAX_HEADS = 1 << 12;

  private final Inventory inventory;
  private final ModelConfig config;
  private final ExpertBank bank;
  private final int encoder;
  private final int decoder;
  private final int hidden;
  private final int heads;
  private final int width;
  private int moeLayer;

  /// @param encoder layers
  /// @param decoder layers
  SwitchTensors(Inventory inventory, int encoder, int decoder) {
    this.inventory = inventory;
    this.encoder = encoder;
    this.decoder = decoder;
    config = inventory.config();
    bank = inventory.bank();
    hidden = bank.block().hidden();
    heads = config.integer("num_heads", 1, MAX_HEADS);
    width = heads * config.integer("d_kv", 1, MAX_HEADS);
  }

  void list() {
    int vocabulary = config.integer("vocab_size", 1, 1 << 22);
    inventory.add(Part.EMBEDDINGS, "shared.weight", vocabulary, hidden);
    for (int layer = 0; layer < encoder; layer++) {
      var prefix = "encoder.block." + layer + ".layer.";
      listSelfAttention(prefix, layer);
      listBlock(prefix + "1.");
    }
    inventory.add(Part.NORMS, "encoder.final_layer_norm.weight", hidden);
    for (int layer = 0; layer < decoder; layer++) {
      var prefix = "decoder.block." + layer + ".layer.";
      listSelfAttention(prefix, layer);
      listAttention(prefix + "1.EncDecAttention.");
      inventory.add(Part.NORMS, prefix + "1.layer_norm.weight", hidden);
      listBlock(prefix + "2.");
    }
    inventory.add(Part.NORMS, "decoder.final_layer_norm.weight", hidden);
    if (!config.flagOr("tie_word_embeddings", true)) {
      inventory.add(Part.HEAD, "lm_head.weight", vocabulary, hidden);
    }
  }

  private void listSelfAttention(String prefix, int layer) {
    var attention = prefix + "0.SelfAttention.";
    listAttention(attention);
    if (layer == 0) {
      int buckets = config.integerOr("relative_attention_num_buckets", 32, 1, 1 << 12);
      inventory.add(Part.ATTENTION, attention + "relative_attention_bias.weight", buckets, heads);
    }
    inventory.add(Part.NORMS, prefix + "0.layer_norm.weight", hidden);
  }

  /// Queries, keys and values `[A, H]`, output `[H, A]`.
  private void listAttention(String prefix) {
    inventory.add(Part.ATTENTION, prefix + "q.weight", width, hidden);
    inventory.add(Part.ATTENTION, prefix + "k.weight", width, hidden);
    inventory.add(Part.ATTENTION, prefix + "v.weight", width, hidden);
    inventory.add(Part.ATTENTION, prefix + "o.weight", hidden, width);
  }

  private void listBlock(String prefix) {
    var block = prefix + "mlp.";
    if (moeLayer < bank.layers() && bank.blockPrefix(moeLayer).equals(block)) {
      inventory.addProduct(
          Part.GATES,
          block + "router.classifier",
          bank.experts(),
          hidden,
          config.flagOr("router_bias", false));
      inventory.addExperts(moeLayer++);
    } else {
      int inner = bank.block().intermediate();
      inventory.add(Part.DENSE_BLOCKS, block + "wi.weight", inner, hidden);
      inventory.add(Part.DENSE_BLOCKS, block + "wo.weight", hidden, inner);
    }
    inventory.add(Part.NORMS, prefix + "layer_norm.weight", hidden);
  }
}
