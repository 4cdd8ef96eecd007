package io.moesaic.router.gate;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import io.moesaic.router.gate.RoutingPolicy.Dense;
import io.moesaic.router.gate.RoutingPolicy.ExpertChoice;
import io.moesaic.router.gate.RoutingPolicy.GShardTop2;
import io.moesaic.router.gate.RoutingPolicy.GroupLimitedSigmoid;
import io.moesaic.router.gate.RoutingPolicy.GroupLimitedSoftmax;
import io.moesaic.router.gate.RoutingPolicy.Hash;
import io.moesaic.router.gate.RoutingPolicy.NoisyTopK;
import io.moesaic.router.gate.RoutingPolicy.SigmoidInput;
import io.moesaic.router.gate.RoutingPolicy.SoftmaxTopK;
import io.moesaic.router.gate.RoutingPolicy.SwitchTop1;
import io.moesaic.router.gate.RoutingPolicy.TopKSoftmax;
import io.moesaic.router.json.FieldException;
import io.moesaic.router.json.JsonFields;

/// A [RoutingPolicy] as people write it: `{"type": "softmax_top_k", "k": 2, "renormalize": true}`.
///
/// | `type` | fields, with what holds when they are absent |
/// |---|---|
/// | `dense` | |
/// | `noisy_top_k` | `k`, `noise` false, `epsilon` 0.01 |
/// | `gshard_top_2` | `second` random or always, `threshold` 0.5, `normalize` before or after |
/// | `switch_top_1` | |
/// | `softmax_top_k` | `k`, `renormalize` false, `scale` 1 |
/// | `top_k_softmax` | `k` |
/// | `group_limited_softmax` | `k`, `groups`, `top_groups`, `renormalize` false, `scale` 1 |
/// | `group_limited_sigmoid` | the same, and `mask` minus_infinity or zero |
/// | `sigmoid_input` | `k` |
/// | `expert_choice` | `factor` |
/// | `hash` | `k` 1, `seed` 0 |
public final class PolicyJson {
  private static final String TYPES =
      "dense, noisy_top_k, gshard_top_2, switch_top_1, softmax_top_k, top_k_softmax,"
          + " group_limited_softmax, group_limited_sigmoid, sigmoid_input, expert_choice, hash";

  private PolicyJson() {}

  /// @throws FieldException naming the field, its value and what is allowed
  public static RoutingPolicy parse(String json) {
    return parse(JsonFields.parse(json.getBytes(UTF_8)));
  }

  /// @throws FieldException naming the field, its value and what is allowed
  public static RoutingPolicy parse(JsonFields fields) {
    var policy = fields.build(() -> read(fields));
    fields.requireNoOthers();
    return policy;
  }

  private static RoutingPolicy read(JsonFields fields) {
    var type = fields.text("type");
    return switch (type == null ? "" : type) {
      case "dense" -> new Dense();
      case "noisy_top_k" ->
          new NoisyTopK(
              k(fields), fields.flag("noise", false), fields.real("epsilon", 0.01, 0, 100));
      case "gshard_top_2" ->
          new GShardTop2(
              fields.choice("second", GShardTop2.Second.RANDOM),
              fields.real("threshold", 0.5, Double.MIN_VALUE, 1),
              fields.choice("normalize", GShardTop2.Normalize.BEFORE));
      case "switch_top_1" -> new SwitchTop1();
      case "softmax_top_k" ->
          new SoftmaxTopK(k(fields), fields.flag("renormalize", false), scale(fields));
      case "top_k_softmax" -> new TopKSoftmax(k(fields));
      case "group_limited_softmax" ->
          new GroupLimitedSoftmax(
              k(fields),
              whole(fields, "groups"),
              whole(fields, "top_groups"),
              fields.flag("renormalize", false),
              scale(fields));
      case "group_limited_sigmoid" ->
          new GroupLimitedSigmoid(
              k(fields),
              whole(fields, "groups"),
              whole(fields, "top_groups"),
              fields.flag("renormalize", false),
              scale(fields),
              fields.choice("mask", GroupLimitedSigmoid.Mask.MINUS_INFINITY));
      case "sigmoid_input" -> new SigmoidInput(k(fields));
      case "expert_choice" -> new ExpertChoice(fields.required("factor", Double.MIN_VALUE, 4096));
      case "hash" -> new Hash(fields.integer("k", 1, 1, 4096), fields.longInteger("seed", 0));
      case "" ->
          throw new FieldException(
              fields.path("type"),
              "%s is missing, must be one of %s".formatted(fields.path("type"), TYPES));
      case String other ->
          throw JsonFields.wrong(fields.path("type"), TextNode.valueOf(other), "one of " + TYPES);
    };
  }

  private static int k(JsonFields fields) {
    return whole(fields, "k");
  }

  private static int whole(JsonFields fields, String name) {
    return fields.requiredInteger(name, 1, 4096);
  }

  private static float scale(JsonFields fields) {
    return fields.number("scale", 1, Float.MIN_VALUE, 1e6f);
  }

  public static ObjectNode write(RoutingPolicy policy) {
    var json = JsonNodeFactory.instance.objectNode();
    return switch (policy) {
      case Dense() -> json.put("type", "dense");
      case NoisyTopK(int k, boolean noise, double epsilon) ->
          json.put("type", "noisy_top_k").put("k", k).put("noise", noise).put("epsilon", epsilon);
      case GShardTop2(var second, double threshold, var normalize) ->
          json.put("type", "gshard_top_2")
              .put("second", JsonFields.label(second))
              .put("threshold", threshold)
              .put("normalize", JsonFields.label(normalize));
      case SwitchTop1() -> json.put("type", "switch_top_1");
      case SoftmaxTopK(int k, boolean renormalize, float scale) ->
          json.put("type", "softmax_top_k")
              .put("k", k)
              .put("renormalize", renormalize)
              .put("scale", scale);
      case TopKSoftmax(int k) -> json.put("type", "top_k_softmax").put("k", k);
      case GroupLimitedSoftmax(int k, int groups, int top, boolean renormalize, float scale) ->
          json.put("type", "group_limited_softmax")
              .put("k", k)
              .put("groups", groups)
              .put("top_groups", top)
              .put("renormalize", renormalize)
              .put("scale", scale);
      case GroupLimitedSigmoid(
              int k,
              int groups,
              int top,
              boolean renormalize,
              float scale,
              var mask) ->
          json.put("type", "group_limited_sigmoid")
              .put("k", k)
              .put("groups", groups)
              .put("top_groups", top)
              .put("renormalize", renormalize)
              .put("scale", scale)
              .put("mask", JsonFields.label(mask));
      case SigmoidInput(int k) -> json.put("type", "sigmoid_input").put("k", k);
      case ExpertChoice(double factor) -> json.put("type", "expert_choice").put("factor", factor);
      case Hash(int k, long seed) -> json.put("type", "hash").put("k", k).put("seed", seed);
    };
  }
}
