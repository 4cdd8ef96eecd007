package io.moesaic.deploy.inspect;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moesaic.deploy.inspect.Inspection.Architecture;
import io.moesaic.deploy.inspect.Inspection.Kept;
import io.moesaic.deploy.inspect.Inspection.Parameters;
import io.moesaic.deploy.inspect.Inspection.Weights;
import io.moesaic.router.capacity.CapacityJson;
import io.moesaic.router.capacity.CapacityPolicy;
import io.moesaic.router.gate.PolicyJson;

/// An inspection as JSON, for programs. Policies are written as a router reads them; what could not
/// be read is null.
public final class InspectionJson {
  private InspectionJson() {}

  public static ObjectNode of(Inspection inspection) {
    var root =
        JsonNodeFactory.instance
            .objectNode()
            .put("model", inspection.model())
            .put("family", inspection.family())
            .put("served", inspection.served());
    root.set("architecture", inspection.architecture().map(InspectionJson::of).orElse(null));
    root.set("parameters", inspection.parameters().map(InspectionJson::of).orElse(null));
    root.set("weights", inspection.weights().map(InspectionJson::of).orElse(null));
    var nodes = root.putArray("expert_nodes");
    for (var share : inspection.nodes()) {
      nodes
          .addObject()
          .put("nodes", share.nodes())
          .put("fewest_experts", share.fewest())
          .put("experts", share.most())
          .put("bytes", share.bytes());
    }
    var policy = inspection.policy();
    root.set("policy", policy.map(PolicyJson::write).orElse(null));
    policy.ifPresent(
        p ->
            inspection
                .architecture()
                .ifPresent(a -> root.put("experts_per_token", p.ranks(a.experts()))));
    root.set("capacity", CapacityJson.write(inspection.capacity().orElse(CapacityPolicy.DROPLESS)));
    root.put("completions_only", inspection.encodesPrompts());
    var kept = inspection.kept();
    root.put("kv_bytes_per_token", kept.map(Kept::bytesPerToken).orElse(null));
    root.put("kv_tokens", kept.map(Kept::tokens).orElse(null));
    root.put("kv_bytes", kept.map(Kept::bytes).orElse(null));
    inspection
        .routerMemory()
        .ifPresentOrElse(
            bytes -> root.put("router_memory_bytes", bytes),
            () -> root.putNull("router_memory_bytes"));
    inspection
        .tokenizer()
        .ifPresentOrElse(
            tokenizer ->
                root.putObject("tokenizer")
                    .put("vocabulary", tokenizer.vocabulary())
                    .put("chat_template", tokenizer.chatTemplate()),
            () -> root.putNull("tokenizer"));
    var refusals = root.putArray("refused");
    inspection
        .refusals()
        .forEach(
            refusal -> refusals.addObject().put("what", refusal.what()).put("why", refusal.why()));
    var notes = root.putArray("notes");
    inspection.notes().forEach(notes::add);
    return root;
  }

  private static ObjectNode of(Architecture architecture) {
    var expert = architecture.expert();
    var node =
        JsonNodeFactory.instance
            .objectNode()
            .put("layers", architecture.layers())
            .put("encoder_layers", architecture.encoderLayers())
            .put("moe_layers", architecture.moeLayers())
            .put("experts", architecture.experts())
            .put("hidden", expert.hidden())
            .put("expert_intermediate", expert.intermediate());
    architecture
        .vocabulary()
        .ifPresentOrElse(size -> node.put("vocabulary", size), () -> node.putNull("vocabulary"));
    return node;
  }

  private static ObjectNode of(Parameters parameters) {
    var node =
        JsonNodeFactory.instance
            .objectNode()
            .put("total", parameters.total())
            .put("active", parameters.active())
            .put("active_without_embeddings", parameters.activeWithoutEmbeddings());
    var parts = node.putObject("parts");
    parameters.byPart().forEach((part, count) -> parts.put(part.key(), count));
    return node;
  }

  private static ObjectNode of(Weights weights) {
    return JsonNodeFactory.instance
        .objectNode()
        .put("planned", weights.planned())
        .put("form", weights.form())
        .put("bytes", weights.bytes())
        .put("router_bytes", weights.routerBytes())
        .put("expert_bytes", weights.expertBytes())
        .put("bytes_per_expert", weights.bytesPerExpert());
  }
}
