package io.moesaic.deploy.inspect;

import io.moesaic.tensor.checkpoint.ModelConfig;
import io.moesaic.tensor.ffn.ExpertBank;

/// The tensors of the families that are decoders. `H` is the width of an activation.
final class DecoderTensors {
  private static final int MAX_WIDTH = 1 << 20;
  private static final int MAX_HEADS = 1 << 12;

  private final Inventory inventory;
  private final ModelConfig config;
  private final ExpertBank bank;
  private final String family;
  private final int hidden;
  private final int heads;

  DecoderTensors(Inventory inventory) {
    this.inventory = inventory;
    config = inventory.config();
    bank = inventory.bank();
    family = config.text("model_type").orElse("");
    hidden = bank.block().hidden();
    heads = config.integer("num_attention_heads", 1, MAX_HEADS);
  }

  void list() {
    int vocabulary = config.integer("vocab_size", 1, 1 << 22);
    inventory.add(Part.EMBEDDINGS, "model.embed_tokens.weight", vocabulary, hidden);
    int moeLayer = 0;
    for (int layer = 0; layer < inventory.layers(); layer++) {
      var prefix = "model.layers." + layer + ".";
      listAttention(prefix);
      if (moeLayer < bank.layers() && bank.blockPrefix(moeLayer).startsWith(prefix)) {
        listBlock(bank.blockPrefix(moeLayer), moeLayer++);
      } else {
        int inner = config.integer("intermediate_size", 1, MAX_WIDTH);
        listSwiGlu(Part.DENSE_BLOCKS, prefix + "mlp.", inner);
      }
    }
    inventory.add(Part.NORMS, "model.norm.weight", hidden);
    if (!config.flagOr("tie_word_embeddings", false)) {
      inventory.add(Part.HEAD, "lm_head.weight", vocabulary, hidden);
    }
  }

  private void listAttention(String prefix) {
    inventory.add(Part.NORMS, prefix + "input_layernorm.weight", hidden);
    inventory.add(Part.NORMS, prefix + "post_attention_layernorm.weight", hidden);
    switch (family) {
      case "deepseek_v2", "deepseek_v3" -> listLatent(prefix + "self_attn.");
      default -> listGrouped(prefix + "self_attn.");
    }
  }

  /// Queries `[heads D, H]`, keys and values `[kvHeads D, H]`, output `[H, heads D]`.
  private void listGrouped(String prefix) {
    int width = config.integerOr("head_dim", hidden / heads, 1, MAX_WIDTH);
    int queries = heads * width;
    int keys = config.integerOr("num_key_value_heads", heads, 1, heads) * width;
    boolean inputs =
        switch (family) {
          case "mixtral" -> false;
          case "qwen2_moe" -> config.flagOr("qkv_bias", true);
          case "gpt_oss" -> config.flagOr("attention_bias", true);
          default -> config.flagOr("attention_bias", false);
        };
    boolean output = inputs && !family.equals("qwen2_moe");
    inventory.addProduct(Part.ATTENTION, prefix + "q_proj", queries, hidden, inputs);
    inventory.addProduct(Part.ATTENTION, prefix + "k_proj", keys, hidden, inputs);
    inventory.addProduct(Part.ATTENTION, prefix + "v_proj", keys, hidden, inputs);
    inventory.addProduct(Part.ATTENTION, prefix + "o_proj", hidden, queries, output);
    switch (family) {
      case "olmoe" -> listHeadNorms(prefix, queries, keys);
      case "qwen3_moe" -> listHeadNorms(prefix, width, width);
      case "gpt_oss" -> inventory.add(Part.ATTENTION, prefix + "sinks", heads);
      default -> {}
    }
  }

  private void listHeadNorms(String prefix, int queries, int keys) {
    inventory.add(Part.NORMS, prefix + "q_norm.weight", queries);
    inventory.add(Part.NORMS, prefix + "k_norm.weight", keys);
  }

  /// Queries, keys and values by way of narrower latents, with a norm on each latent.
  private void listLatent(String prefix) {
    int rank = config.integerOr("q_lora_rank", 0, 1, MAX_WIDTH);
    int latent = config.integer("kv_lora_rank", 1, MAX_WIDTH);
    int plain = config.integer("qk_nope_head_dim", 1, MAX_HEADS);
    int rotated = config.integer("qk_rope_head_dim", 1, MAX_HEADS);
    int value = config.integer("v_head_dim", 1, MAX_HEADS);
    boolean biased = config.flagOr("attention_bias", false);
    int queries = heads * (plain + rotated);
    if (rank == 0) {
      inventory.addProduct(Part.ATTENTION, prefix + "q_proj", queries, hidden, false);
    } else {
      inventory.addProduct(Part.ATTENTION, prefix + "q_a_proj", rank, hidden, biased);
      inventory.add(Part.NORMS, prefix + "q_a_layernorm.weight", rank);
      inventory.addProduct(Part.ATTENTION, prefix + "q_b_proj", queries, rank, false);
    }
    inventory.addProduct(
        Part.ATTENTION, prefix + "kv_a_proj_with_mqa", latent + rotated, hidden, biased);
    inventory.add(Part.NORMS, prefix + "kv_a_layernorm.weight", latent);
    inventory.addProduct(
        Part.ATTENTION, prefix + "kv_b_proj", heads * (plain + value), latent, false);
    inventory.addProduct(Part.ATTENTION, prefix + "o_proj", hidden, heads * value, biased);
  }

  /// An MoE block: gate, experts, and the expert that every token goes to.
  private void listBlock(String prefix, int moeLayer) {
    var gate =
        switch (family) {
          case "granitemoe" -> "router.layer";
          case "gpt_oss" -> "router";
          default -> "gate";
        };
    boolean biased = family.equals("gpt_oss");
    inventory.addProduct(Part.GATES, prefix + gate, bank.experts(), hidden, biased);
    if (family.equals("deepseek_v3")) {
      inventory.add(Part.GATES, prefix + "gate.e_score_correction_bias", bank.experts());
    }
    inventory.addExperts(moeLayer);
    switch (family) {
      case "qwen2_moe" -> {
        int inner = config.integer("shared_expert_intermediate_size", 1, MAX_WIDTH);
        listSwiGlu(Part.SHARED_EXPERTS, prefix + "shared_expert.", inner);
        inventory.add(Part.SHARED_EXPERTS, prefix + "shared_expert_gate.weight", 1, hidden);
      }
      case "deepseek_v2", "deepseek_v3" -> {
        int count = config.integerOr("n_shared_experts", 0, 0, 1 << 10);
        if (count > 0) {
          int inner = count * bank.block().intermediate();
          listSwiGlu(Part.SHARED_EXPERTS, prefix + "shared_experts.", inner);
        }
      }
      default -> {}
    }
  }

  private void listSwiGlu(Part part, String prefix, int inner) {
    inventory.addProduct(part, prefix + "gate_proj", inner, hidden, false);
    inventory.addProduct(part, prefix + "up_proj", inner, hidden, false);
    inventory.addProduct(part, prefix + "down_proj", hidden, inner, false);
  }
}
