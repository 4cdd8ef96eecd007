package io.moesaic.router.layer;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moesaic.router.gate.PolicyJson;
import io.moesaic.tensor.DType;
import io.moesaic.wire.LayerSchema;
import io.moesaic.wire.LayerSchema.Mode;
import java.util.Locale;

/// What clients are told of the layers: their sizes, what a stream may bring, and the limits.
///
/// @param model by which streams ask for it
record LayerDescription(String model, ServedLayers layers) {
  /// The columns of a stream in mode `experts` with as many experts per row as the layers' own
  /// policy gives.
  LayerSchema schema() {
    int ranks = layers.policy().ranks(layers.bank().experts());
    return new LayerSchema(Mode.EXPERTS, DType.F32, layers.bank().block().hidden(), ranks);
  }

  /// `max_rows_by_k` has most rows of a batch for 1, 2, 3 and so on experts per row; `max_rows` is
  /// for as many as the layers' own policy gives.
  ObjectNode json() {
    var bank = layers.bank();
    var policy = layers.policy();
    int ranks = policy.ranks(bank.experts());
    var json =
        JsonNodeFactory.instance
            .objectNode()
            .put("model", model)
            .put("layers", bank.layers())
            .put("experts", bank.experts())
            .put("hidden", bank.block().hidden())
            .put("k", ranks);
    json.set("policy", PolicyJson.write(policy));
    json.put("weights_scale", policy.weighsInput() ? "input" : "output");
    var modes = json.putArray("modes");
    for (var mode : Mode.values()) {
      modes.add(mode.label());
    }
    var dtypes = json.putArray("dtypes");
    LayerSchema.ACTIVATIONS.forEach(type -> dtypes.add(type.name().toLowerCase(Locale.ROOT)));
    json.put("max_rows", layers.maxRows(ranks, policy.weighsInput()));
    var byRanks = json.putArray("max_rows_by_k");
    for (int k = 1; k <= bank.experts(); k++) {
      byRanks.add(layers.maxRows(k, policy.weighsInput()));
    }
    return json.put("max_batches_in_flight", LayerExchange.CREDITS)
        .put("max_exchanges", LayerHandler.MAX_EXCHANGES);
  }
}
