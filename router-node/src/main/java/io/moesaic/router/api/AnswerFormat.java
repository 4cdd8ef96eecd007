package io.moesaic.router.api;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moesaic.router.api.Choice.Delta;
import io.moesaic.router.api.Choice.PlacedToken;
import io.moesaic.router.engine.FinishReason;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// How the answer to one request looks as JSON, whole or in chunks.
abstract sealed class AnswerFormat permits CompletionFormat, ChatFormat {
  private final TextRequest request;
  private final Head head;
  private final MoeReport moe;

  AnswerFormat(TextRequest request, Head head, MoeReport moe) {
    this.request = request;
    this.head = head;
    this.moe = moe;
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

  /// What a chunk says that it is.
  abstract String chunkObject();

  /// The chunk without choices that ends a stream whose client asked for sums.
  final Optional<ObjectNode> closingChunk(List<Choice> choices) {
    var streaming = request.streaming();
    boolean withUsage = streaming != null && streaming.includeUsage();
    if (!withUsage && !moe.wantsTotals()) {
      return Optional.empty();
    }
    var json = head(chunkObject());
    json.putArray("choices");
    if (withUsage) {
      json.set("usage", usage(choices));
    }
    moe.putTotals(json, choices);
    return Optional.of(json);
  }

  /// Writes what is counted over all choices of a whole answer.
  final void putSums(ObjectNode json, List<Choice> choices) {
    json.set("usage", usage(choices));
    moe.putTotals(json, choices);
  }

  final ObjectNode head(String object) {
    return head.json(object);
  }

  /// A chunk of one choice.
  final ObjectNode chunk(ObjectNode choice, List<Choice> all) {
    var json = head(chunkObject());
    json.putArray("choices").add(choice);
    var streaming = request.streaming();
    if (streaming != null && streaming.continuousUsage()) {
      json.set("usage", usage(all));
    } else if (streaming != null && streaming.includeUsage()) {
      json.putNull("usage");
    }
    return json;
  }

  private ObjectNode usage(List<Choice> choices) {
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

  /// Writes why a choice ended, and what is told at the end; nulls while it goes on.
  final void putFinish(ObjectNode json, @Nullable FinishReason reason, Choice choice) {
    json.put("finish_reason", reason == null ? null : name(reason));
    json.put("stop_reason", reason == null ? null : choice.stopString());
    if (reason != null) {
      moe.putExperts(json, choice);
    }
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
