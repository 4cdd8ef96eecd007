package io.moesaic.router.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moesaic.router.capacity.CapacityJson;
import io.moesaic.router.capacity.CapacityPolicy;
import io.moesaic.router.capacity.LayerLoad;
import io.moesaic.router.capacity.MoeTotals;
import io.moesaic.router.json.JsonFields;
import java.util.Arrays;

/// What operators see and set of the experts:
///
/// ```
/// GET /moe/capacity      the capacity of requests that bring none
/// PUT /moe/capacity      another one, whole, from the next step on; answers old and new
/// DELETE /moe/capacity   the same with that of the model
/// GET /moe/stats         how experts have been loaded since the start, by layer
/// ```
final class MoeRoutes {
  private MoeRoutes() {}

  static JsonNode capacity(ServedMoe moe) {
    return CapacityJson.write(moe.capacity().get());
  }

  static JsonNode replaceCapacity(ServedMoe moe, JsonFields fields) {
    var next = CapacityJson.parse(fields);
    return replaced(fields.build(() -> moe.capacity().replace(next)), next);
  }

  static JsonNode resetCapacity(ServedMoe moe) {
    return replaced(moe.capacity().replace(moe.ofModel()), moe.ofModel());
  }

  private static JsonNode replaced(CapacityPolicy previous, CapacityPolicy next) {
    var json = Json.object();
    json.set("old", CapacityJson.write(previous));
    json.set("new", CapacityJson.write(next));
    return json.put("batch_dependent", !next.independentOfOtherRequests());
  }

  /// `total` over all layers, and for each of `layers`:
  ///
  /// - `offered`, `accepted`, `dropped`, `rerouted`: choices, as in [MoeTotals]
  /// - `by_expert`: the same four, an array each; `rerouted` counts for where the choice went
  /// - `dropped_by_rank`: from first choices on
  /// - `max_over_mean`, `gini`: how unevenly choices were offered, 1 and 0 being even
  /// - `padded_fraction`: of the places that capacities gave, the share that stayed empty
  /// - `mass_dropped`: of the sum of all weights, the share that was dropped
  static JsonNode stats(ServedMoe moe) {
    var loads = moe.loads().get();
    var sum = loads.stream().map(LayerLoad::totals).reduce(MoeTotals.NONE, MoeTotals::plus);
    var json = Json.object();
    json.set("total", MoeReport.write(sum));
    var layers = json.putArray("layers");
    loads.forEach(load -> layers.add(layer(load)));
    return json;
  }

  private static ObjectNode layer(LayerLoad load) {
    var json = Json.object().put("layer", load.layer());
    json.setAll(MoeReport.write(load.totals()));
    var experts = json.putObject("by_expert");
    put(experts, "offered", load.offered());
    put(experts, "accepted", load.accepted());
    put(experts, "dropped", load.dropped());
    put(experts, "rerouted", load.rerouted());
    put(json, "dropped_by_rank", load.droppedByRank());
    return json.put("max_over_mean", load.maxOverMean())
        .put("gini", load.gini())
        .put("padded_fraction", load.paddedFraction())
        .put("mass_dropped", load.massDropped());
  }

  private static void put(ObjectNode json, String name, long[] counts) {
    var array = json.putArray(name);
    Arrays.stream(counts).forEach(array::add);
  }
}
