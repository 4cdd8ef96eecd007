package io.moesaic.deploy.client;

import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalLong;

/// A request for one completion, streamed.
///
/// @param specialTokens whether special tokens are shown
public record CompletionRequest(
    Prompt prompt, int maxTokens, double temperature, OptionalLong seed, boolean specialTokens) {
  /// The request's body, as a tree of JSON values.
  Map<String, Object> body() {
    Map<String, Object> body = new LinkedHashMap<>();
    body.put(
        "prompt",
        switch (prompt) {
          case Prompt.Text(var text) -> text;
          case Prompt.TokenIds(var ids) -> ids;
        });
    body.put("max_tokens", maxTokens);
    body.put("temperature", temperature);
    seed.ifPresent(value -> body.put("seed", value));
    body.put("skip_special_tokens", !specialTokens);
    body.put("stream", true);
    body.put("stream_options", Map.of("include_usage", true));
    body.put("return_token_ids", true);
    return body;
  }
}
