package io.moesaic.deploy.client;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;

/// What has come of a completion, chunk by chunk.
final class Transcript {
  private final Consumer<String> onText;
  private final StringBuilder text = new StringBuilder();
  private final List<Integer> tokenIds = new ArrayList<>();
  private String finishReason = "";
  private Completion.Usage usage = new Completion.Usage(0, 0, 0);

  /// @param onText told each piece of text
  Transcript(Consumer<String> onText) {
    this.onText = onText;
  }

  void add(JsonNode chunk) {
    var choice = chunk.path("choices").path(0);
    var piece = choice.path("text").asText("");
    if (!piece.isEmpty()) {
      text.append(piece);
      onText.accept(piece);
    }
    choice.path("token_ids").forEach(id -> tokenIds.add(id.asInt()));
    if (choice.hasNonNull("finish_reason")) {
      finishReason = choice.path("finish_reason").asText();
    }
    if (chunk.hasNonNull("usage")) {
      var counts = chunk.path("usage");
      usage =
          new Completion.Usage(
              counts.path("prompt_tokens").asInt(),
              counts.path("completion_tokens").asInt(),
              counts.path("total_tokens").asInt());
    }
  }

  Completion completion(double elapsedSeconds) {
    return new Completion(
        text.toString(), List.copyOf(tokenIds), finishReason, usage, elapsedSeconds);
  }
}
