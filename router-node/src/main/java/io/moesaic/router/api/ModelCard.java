package io.moesaic.router.api;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.OptionalInt;

/// What a list of models says of one.
///
/// @param createdSeconds since the epoch
/// @param maxModelLength absent when it writes no texts
/// @param maxPromptLength of a model that encodes prompts
record ModelCard(
    String name, long createdSeconds, OptionalInt maxModelLength, OptionalInt maxPromptLength) {
  static ModelCard of(ServedModel model) {
    return new ModelCard(
        model.name(),
        model.createdSeconds(),
        OptionalInt.of(model.maxModelLength()),
        model.maxEncodedPrompt());
  }

  ObjectNode json() {
    var json =
        Json.object()
            .put("id", name)
            .put("object", "model")
            .put("created", createdSeconds)
            .put("owned_by", "moesaic")
            .put("root", name);
    maxModelLength.ifPresent(length -> json.put("max_model_len", length));
    maxPromptLength.ifPresent(length -> json.put("max_prompt_len", length));
    return json;
  }
}
