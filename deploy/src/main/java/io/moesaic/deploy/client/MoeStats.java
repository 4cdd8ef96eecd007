package io.moesaic.deploy.client;

import com.fasterxml.jackson.databind.JsonNode;
import io.moesaic.router.capacity.LayerLoad;
import java.util.List;
import java.util.stream.StreamSupport;

/// How a router's experts have been loaded, as it answers at `/moe/stats`.
///
/// @param json the answer as it came
/// @param layers those that have experts
public record MoeStats(JsonNode json, List<LayerLoad> layers) {
  public MoeStats {
    layers = List.copyOf(layers);
  }

  static MoeStats of(JsonNode json) {
    return new MoeStats(
        json,
        StreamSupport.stream(json.path("layers").spliterator(), false)
            .map(MoeStats::layer)
            .toList());
  }

  private static LayerLoad layer(JsonNode json) {
    var experts = json.path("by_expert");
    return new LayerLoad(
        json.path("layer").asInt(),
        counts(experts, "offered"),
        counts(experts, "accepted"),
        counts(experts, "dropped"),
        counts(experts, "rerouted"),
        counts(json, "dropped_by_rank"),
        json.path("padded_fraction").asDouble(),
        json.path("mass_dropped").asDouble());
  }

  private static long[] counts(JsonNode json, String name) {
    return StreamSupport.stream(json.path(name).spliterator(), false)
        .mapToLong(JsonNode::asLong)
        .toArray();
  }
}
