package io.moesaic.tensor.ffn;

import io.moesaic.tensor.Weight;
import io.moesaic.tensor.checkpoint.ModelConfig;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;
import java.util.stream.IntStream;

/// The experts of each model family: which keys of `config.json` tell of them, which layers have
/// any, and by what names the checkpoint keeps them. A method for each family, as Hugging Face
/// transformers has it.
final class Families {
  static final List<String> NAMES =
      List.of(
          "mixtral",
          "olmoe",
          "qwen2_moe",
          "qwen3_moe",
          "granitemoe",
          "gpt_oss",
          "deepseek_v2",
          "deepseek_v3",
          "switch_transformers",
          "moe_layers");

  private static final String MODEL_TYPE = "model_type";

  /// Fixed in gpt-oss, which has no key for it.
  private static final float CLAMPED_ALPHA = 1.702f;

  private static final float CLAMPED_LIMIT = 7;

  private static final int[] FP8_BLOCK = {Weight.Fp8.BLOCK, Weight.Fp8.BLOCK};

  private static final ExpertLayout PROJECTIONS =
      new ExpertLayout.Separate("experts.{e}.", List.of("gate_proj", "up_proj"), "down_proj");

  private final ModelConfig config;

  Families(ModelConfig config) {
    this.config = config;
  }

  ExpertBank bank() {
    var bank =
        switch (config.text(MODEL_TYPE).orElse("")) {
          case "mixtral" -> mixtral();
          case "olmoe" -> olmoe();
          case "qwen2_moe", "qwen3_moe" -> qwen();
          case "granitemoe" -> granite();
          case "gpt_oss" -> gptOss();
          case "deepseek_v2" -> deepseek(0);
          case "deepseek_v3" -> deepseek(3);
          case "switch_transformers" -> switchTransformers();
          case "moe_layers" -> moeLayers();
          default ->
              throw config.invalid(
                  MODEL_TYPE,
                  "must be one of %s or %s"
                      .formatted(
                          String.join(", ", NAMES.subList(0, NAMES.size() - 1)), NAMES.getLast()));
        };
    config.section("quantization_config").ifPresent(this::checkQuantization);
    if (bank.layers() == 0) {
      throw config.invalid(MODEL_TYPE, "but by this file none of its layers has experts");
    }
    return bank;
  }

  /// The tensors tell how a weight is stored; this refuses what they would not tell.
  private void checkQuantization(ModelConfig quantization) {
    var method = config.text(MODEL_TYPE).orElse("").equals("gpt_oss") ? "mxfp4" : "fp8";
    if (!quantization.text("quant_method").orElse("").equals(method)) {
      throw quantization.invalid(
          "quant_method", "but of this family only \"" + method + "\" is served");
    }
    if (method.equals("fp8")) {
      if (!quantization.text("fmt").orElse("e4m3").equals("e4m3")) {
        throw quantization.invalid("fmt", "must be \"e4m3\"");
      }
      if (!Arrays.equals(quantization.integers("weight_block_size", 1, 1 << 20), FP8_BLOCK)) {
        throw quantization.invalid("weight_block_size", "must be [128, 128]");
      }
    }
  }

  private ExpertBank mixtral() {
    return new ExpertBank(
        decoderBlocks("block_sparse_moe", _ -> true),
        experts("num_local_experts"),
        swiGlu("intermediate_size"),
        new ExpertLayout.Separate("experts.{e}.", List.of("w1", "w3"), "w2"));
  }

  private ExpertBank olmoe() {
    return new ExpertBank(
        decoderBlocks("mlp", _ -> true),
        experts("num_experts"),
        swiGlu("intermediate_size"),
        PROJECTIONS);
  }

  /// Every `decoder_sparse_step`-th layer is sparse, if it is not one of `mlp_only_layers`.
  private ExpertBank qwen() {
    int step = config.integerOr("decoder_sparse_step", 1, 1, 1 << 10);
    int[] dense = config.integers("mlp_only_layers", 0, 1 << 20);
    return new ExpertBank(
        decoderBlocks(
            "mlp",
            layer ->
                (layer + 1) % step == 0 && IntStream.of(dense).noneMatch(index -> index == layer)),
        experts("num_experts"),
        swiGlu("moe_intermediate_size"),
        PROJECTIONS);
  }

  private ExpertBank granite() {
    return new ExpertBank(
        decoderBlocks("block_sparse_moe", _ -> true),
        experts("num_local_experts"),
        swiGlu("intermediate_size"),
        new ExpertLayout.Stacked("input_linear.weight", "output_linear.weight", false, false));
  }

  private ExpertBank gptOss() {
    return new ExpertBank(
        decoderBlocks("mlp", _ -> true),
        experts("num_local_experts"),
        new FeedForward.ClampedSwiGlu(
            hidden("hidden_size"),
            intermediate("intermediate_size"),
            config.positiveOr("swiglu_limit", CLAMPED_LIMIT),
            CLAMPED_ALPHA),
        new ExpertLayout.Stacked("experts.gate_up_proj", "experts.down_proj", true, true));
  }

  /// From layer `first_k_dense_replace` on, every multiple of `moe_layer_freq` is sparse.
  private ExpertBank deepseek(int denseByDefault) {
    int dense = config.integerOr("first_k_dense_replace", denseByDefault, 0, 1 << 10);
    int step = config.integerOr("moe_layer_freq", 1, 1, 1 << 10);
    return new ExpertBank(
        decoderBlocks("mlp", layer -> layer >= dense && layer % step == 0),
        experts("n_routed_experts"),
        swiGlu("moe_intermediate_size"),
        PROJECTIONS);
  }

  /// The sparse blocks of the encoder, then those of the decoder.
  private ExpertBank switchTransformers() {
    requireText("dense_act_fn", "relu");
    requireText("feed_forward_proj", "relu");
    int encoder = config.integer("num_layers", 1, 1 << 10);
    int decoder = config.integer("num_decoder_layers", 1, 1 << 10);
    var blocks = new ArrayList<String>();
    blocks.addAll(switchBlocks("encoder", encoder, "encoder.block.{l}.layer.1.mlp."));
    blocks.addAll(switchBlocks("decoder", decoder, "decoder.block.{l}.layer.2.mlp."));
    return new ExpertBank(
        blocks,
        experts("num_experts"),
        new FeedForward.Relu(hidden("d_model"), intermediate("d_ff"), false),
        new ExpertLayout.Separate("experts.expert_{e}.", List.of("wi"), "wo"));
  }

  /// Every `step`-th block from the second on is sparse; a step of 1 means all. The step has a key
  /// of its own, or follows from the number of sparse blocks.
  private List<String> switchBlocks(String half, int count, String prefix) {
    int sparse = config.integerOr("num_sparse_" + half + "_layers", 3, 0, count);
    int byNumber = sparse == 0 ? count : count / sparse;
    int step = config.integerOr(half + "_sparse_step", byNumber, 0, 1 << 10);
    return blocks(count, prefix, block -> step == 1 || (step > 1 && block % step == 1));
  }

  /// Moesaic's own type: MoE layers and nothing else.
  private ExpertBank moeLayers() {
    var activation = config.text("activation").orElse("swiglu");
    boolean biased = config.flagOr("expert_bias", false);
    int hidden = hidden("hidden_size");
    int intermediate = intermediate("intermediate_size");
    var block =
        switch (activation) {
          case "relu" -> new FeedForward.Relu(hidden, intermediate, biased);
          case "swiglu" -> new FeedForward.SwiGlu(hidden, intermediate);
          default -> throw config.invalid("activation", "must be \"swiglu\" or \"relu\"");
        };
    if (biased && !block.biased()) {
      throw config.invalid(
          "expert_bias", "but only experts with \"activation\": \"relu\" have one");
    }
    return new ExpertBank(config.integer("num_layers", 1, 1 << 10), experts("num_experts"), block);
  }

  static List<String> ownPrefixes(int layers) {
    return blocks(layers, "layers.{l}.", _ -> true);
  }

  static ExpertLayout ownLayout(FeedForward block) {
    return switch (block) {
      case FeedForward.SwiGlu _, FeedForward.ClampedSwiGlu _ -> PROJECTIONS;
      case FeedForward.Relu _ ->
          new ExpertLayout.Separate("experts.{e}.", List.of("up_proj"), "down_proj");
    };
  }

  // ---- what families have in common

  private List<String> decoderBlocks(String block, IntPredicate sparse) {
    int layers = config.integer("num_hidden_layers", 1, 1 << 10);
    return blocks(layers, "model.layers.{l}." + block + ".", sparse);
  }

  private static List<String> blocks(int count, String prefix, IntPredicate sparse) {
    return IntStream.range(0, count)
        .filter(sparse)
        .mapToObj(layer -> prefix.replace("{l}", Integer.toString(layer)))
        .toList();
  }

  private FeedForward swiGlu(String intermediateKey) {
    requireText("hidden_act", "silu");
    return new FeedForward.SwiGlu(hidden("hidden_size"), intermediate(intermediateKey));
  }

  private void requireText(String key, String only) {
    if (!config.text(key).orElse(only).equals(only)) {
      throw config.invalid(key, "must be \"" + only + "\"");
    }
  }

  /// The number of experts. Newer configurations may write `num_local_experts` for any family's
  /// key.
  private int experts(String key) {
    boolean renamed = !config.has(key) && config.has("num_local_experts");
    return config.integer(renamed ? "num_local_experts" : key, 1, 1 << 12);
  }

  private int hidden(String key) {
    return config.integer(key, 1, 1 << 16);
  }

  private int intermediate(String key) {
    return config.integer(key, 1, 1 << 20);
  }
}
