package io.moesaic.router.api;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moesaic.router.api.Choice.Delta;
import io.moesaic.router.api.Choice.PlacedToken;
import io.moesaic.router.engine.FinishReason;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// How the answer to one request looks as JSON, whole or in chunks.
abstract sealed class AnswerFormat permits CompletionFormat, ChatFormat {
  private final TextRequest request;
  private final Head head;

  AnswerFormat(TextRequest request, Head head) {
    this.request = request;
    this.head = head;
  }

  /// What all chunks of an answer begin with.
  record Head(String id, long createdSeconds, String modelName) {
    ObjectNode json(String object) {
      return Json.object()
          .put("id", id)
          .put("object", object)
          .put("created", createdSeconds)
          .put("model", modelName);
    }
  }

  /// The one answer of a request that does not stream.
  abstract ObjectNode whole(List<Choice> choices);

  /// What a choice has new.
  ///
  /// @param all choices, for the usage
  abstract List<ObjectNode> chunks(Choice choice, List<Choice> all);

  /// The chunk without choices that ends a stream whose client asked for the usage.
  abstract ObjectNode usageChunk(List<Choice> choices);

  final ObjectNode head(String object) {
    return head.json(object);
  }

  /// A chunk of one choice.
  final ObjectNode chunk(String object, ObjectNode choice, List<Choice> all) {
    var json = head(object);
    json.putArray("choices").add(choice);
    var streaming = request.streaming();
    if (streaming != null && streaming.continuousUsage()) {
      json.set("usage", usage(all));
    } else if (streaming != null && streaming.includeUsage()) {
      json.putNull("usage");
    }
    return json;
  }

  final ObjectNode usage(List<Choice> choices) {
    int prompt = request.promptTokens();
    int completion = choices.stream().mapToInt(Choice::generatedTokens).sum();
    return Json.object()
        .put("prompt_tokens", prompt)
        .put("completion_tokens", completion)
        .put("total_tokens", prompt + completion);
  }

  final boolean wantsLogprobs() {
    return request.logprobs() >= 0;
  }

  /// Writes why a choice ended; nulls while it goes on.
  static void putFinish(ObjectNode json, @Nullable FinishReason reason, Choice choice) {
    json.put("finish_reason", reason == null ? null : name(reason));
    json.put("stop_reason", reason == null ? null : choice.stopString());
  }

  private static String name(FinishReason reason) {
    return switch (reason) {
      case STOP -> "stop";
      case LENGTH -> "length";
    };
  }

  /// Writes the ids of new tokens, if the request wants them.
  final void putTokenIds(ObjectNode json, List<PlacedToken> tokens) {
    if (request.returnTokenIds()) {
      var ids = json.putArray("token_ids");
      tokens.forEach(token -> ids.add(token.score().token()));
    }
  }

  /// Writes the ids of the prompt once, if the request wants them.
  final void putPromptTokenIds(ObjectNode json, Choice choice, Delta delta) {
    if (request.returnTokenIds() && delta.first()) {
      var ids = json.putArray("prompt_token_ids");
      Arrays.stream(choice.prompt().tokens()).forEach(ids::add);
    }
  }
}
