package io.moesaic.router.layer;

import com.fasterxml.jackson.databind.JsonNode;
import io.moesaic.router.capacity.CapacityJson;
import io.moesaic.router.capacity.CapacityPolicy;
import io.moesaic.router.gate.PolicyJson;
import io.moesaic.router.gate.RoutingPolicy;
import io.moesaic.router.gate.RoutingPolicy.Hash;
import io.moesaic.router.json.FieldException;
import io.moesaic.router.json.JsonFields;
import io.moesaic.wire.LayerSchema.Mode;
import io.moesaic.wire.WireException;
import org.jspecify.annotations.Nullable;

/// What a batch asks for in its `app_metadata`, a JSON object, of which every field may be absent:
///
/// ```
/// {"request_id": 7, "policy": {"type": "softmax_top_k", "k": 2}, "seed": 0,
///  "capacity": {"factor": 1.25, "priority": "position"}, "return_kept": true}
/// ```
///
/// @param requestId text or integer that the reply repeats, or null
/// @param policy by which the layer's gate routes, or in mode `experts` would have
/// @param capacity of the batch, whose rows are counted together
/// @param seed for policies that draw
/// @param returnKept whether the reply lists the experts that each row went to
record BatchOptions(
    @Nullable JsonNode requestId,
    RoutingPolicy policy,
    CapacityPolicy capacity,
    long seed,
    boolean returnKept) {
  /// @throws WireException naming the field, its value and what is allowed
  static BatchOptions parse(byte[] json, Mode mode, ServedLayers layers) throws WireException {
    try {
      return json.length == 0
          ? new BatchOptions(null, usable(layers.policy(), mode), CapacityPolicy.DROPLESS, 0, false)
          : read(JsonFields.parse(json), mode, layers);
    } catch (FieldException e) {
      throw WireException.invalid("app_metadata", String.valueOf(e.getMessage()));
    }
  }

  private static BatchOptions read(JsonFields fields, Mode mode, ServedLayers layers) {
    var requestId = requestId(fields);
    var policy = policy(fields, mode, layers);
    var capacity = fields.object("capacity");
    var options =
        new BatchOptions(
            requestId,
            policy,
            capacity == null ? CapacityPolicy.DROPLESS : CapacityJson.parse(capacity),
            fields.longInteger("seed", 0),
            fields.flag("return_kept", false));
    fields.requireNoOthers();
    return options;
  }

  private static @Nullable JsonNode requestId(JsonFields fields) {
    var id = fields.find("request_id");
    if (id != null && !id.isTextual() && !id.isIntegralNumber()) {
      throw JsonFields.wrong("request_id", id, "a string or an integer");
    }
    return id;
  }

  private static RoutingPolicy policy(JsonFields fields, Mode mode, ServedLayers layers) {
    var policy = fields.object("policy");
    if (policy == null) {
      return usable(layers.policy(), mode);
    }
    if (mode == Mode.EXPERTS) {
      throw new FieldException(
          "policy", "policy has no meaning in mode experts, where rows come with their experts");
    }
    return policy.build(
        () -> {
          var parsed = PolicyJson.parse(policy);
          parsed.requireFits(layers.bank().experts());
          return usable(parsed, mode);
        });
  }

  private static RoutingPolicy usable(RoutingPolicy policy, Mode mode) {
    if (mode == Mode.MOE && policy instanceof Hash) {
      throw new FieldException(
          "policy",
          "policy is hash, which needs the tokens' ids, and there are only activations: choose"
              + " another, or the experts yourself in mode experts");
    }
    return policy;
  }
}
