package io.moesaic.router.gate;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.moesaic.router.gate.RoutingPolicy.GroupLimitedSigmoid;
import io.moesaic.router.gate.RoutingPolicy.GroupLimitedSigmoid.Mask;
import io.moesaic.router.gate.RoutingPolicy.GroupLimitedSoftmax;
import io.moesaic.router.gate.RoutingPolicy.SigmoidInput;
import io.moesaic.router.gate.RoutingPolicy.SoftmaxTopK;
import io.moesaic.router.gate.RoutingPolicy.SwitchTop1;
import io.moesaic.router.gate.RoutingPolicy.TopKSoftmax;
import io.moesaic.router.json.FieldException;
import io.moesaic.router.json.JsonFields;
import io.moesaic.tensor.checkpoint.CheckpointException;
import io.moesaic.tensor.checkpoint.Json;
import io.moesaic.tensor.checkpoint.ModelConfig;

/// The policy that a model was trained with, from its `config.json`. Key names and defaults are
/// those of Hugging Face transformers.
public final class ModelPolicy {
  private static final int MAX = 1 << 12;

  private ModelPolicy() {}

  /// @throws CheckpointException for a model type or a routing method that is not known
  public static RoutingPolicy of(ModelConfig config) {
    var type = config.text("model_type").orElse("absent");
    return switch (type) {
      case "mixtral" -> new SoftmaxTopK(k(config), true, 1);
      case "olmoe", "qwen2_moe", "qwen3_moe" ->
          new SoftmaxTopK(k(config), config.flagOr("norm_topk_prob", false), 1);
      case "granitemoe", "gpt_oss" -> new TopKSoftmax(k(config));
      case "switch_transformers" -> new SwitchTop1();
      case "llama4_text" -> new SigmoidInput(k(config));
      case "deepseek_v2" -> deepseekV2(config);
      case "deepseek_v3" ->
          new GroupLimitedSigmoid(
              k(config),
              config.integerOr("n_group", 8, 1, MAX),
              config.integerOr("topk_group", 4, 1, MAX),
              config.flagOr("norm_topk_prob", true),
              scale(config, 2.5f),
              Mask.MINUS_INFINITY);
      case "moe_layers" -> written(config);
      default -> throw config.invalid("model_type", "its routing policy is not known");
    };
  }

  private static RoutingPolicy deepseekV2(ModelConfig config) {
    var method = config.text("topk_method").orElse("greedy");
    return switch (method) {
      // Transformers leaves out the division that norm_topk_prob asks for.
      case "greedy" -> new SoftmaxTopK(k(config), false, scale(config, 1));
      case "group_limited_greedy" ->
          new GroupLimitedSoftmax(
              k(config),
              config.integer("n_group", 1, MAX),
              config.integer("topk_group", 1, MAX),
              false,
              scale(config, 1));
      default -> throw config.invalid("topk_method", "must be greedy or group_limited_greedy");
    };
  }

  private static RoutingPolicy written(ModelConfig config) {
    var json = JsonNodeFactory.instance.objectNode();
    config
        .members("policy")
        .orElseThrow(() -> config.invalid("policy", "must be a routing policy"))
        .forEach((name, value) -> json.set(name, node(value)));
    try {
      return PolicyJson.parse(JsonFields.of(json, "policy"));
    } catch (FieldException e) {
      throw config.invalid("policy", "but " + e.getMessage());
    }
  }

  private static JsonNode node(Json value) {
    var nodes = JsonNodeFactory.instance;
    return switch (value) {
      case Json.Text(var text) -> nodes.textNode(text);
      case Json.Flag(boolean flag) -> nodes.booleanNode(flag);
      case Json.Numeral number when number.text().matches("-?[0-9]{1,18}") ->
          nodes.numberNode(number.asLong());
      case Json.Numeral number -> nodes.numberNode(number.asDouble());
      case Json.Null() -> nodes.nullNode();
      case Json.Items _ -> nodes.arrayNode();
      case Json.Fields _ -> nodes.objectNode();
    };
  }

  private static int k(ModelConfig config) {
    return config.integer("num_experts_per_tok", 1, MAX);
  }

  private static float scale(ModelConfig config, float absent) {
    return config.positiveOr("routed_scaling_factor", absent);
  }
}
