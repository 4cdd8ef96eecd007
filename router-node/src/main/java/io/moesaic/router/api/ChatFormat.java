package io.moesaic.router.api;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moesaic.router.api.Choice.PlacedToken;
import io.moesaic.router.engine.FinishReason;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// The answer of `/v1/chat/completions`. A stream begins with a chunk that tells the role, goes on
/// with chunks that have text, and ends with one that tells why it ended.
final class ChatFormat extends AnswerFormat {
  private static final String WHOLE = "chat.completion";
  private static final String CHUNK = "chat.completion.chunk";

  private final Logprobs logprobs;

  ChatFormat(TextRequest request, Head head, Logprobs logprobs, MoeReport moe) {
    super(request, head, moe);
    this.logprobs = logprobs;
  }

  @Override
  ObjectNode whole(List<Choice> choices) {
    var json = head(WHOLE);
    var array = json.putArray("choices");
    for (var choice : choices) {
      var delta = choice.take();
      var message =
          Json.object().put("role", "assistant").put("content", delta.text()).putNull("refusal");
      array.add(choice(choice, "message", message, delta.tokens(), choice.finishReason()));
      if (choice.index() == 0) {
        putPromptTokenIds(json, choice, delta);
      }
    }
    putSums(json, choices);
    return json;
  }

  @Override
  List<ObjectNode> chunks(Choice choice, List<Choice> all) {
    var chunks = new ArrayList<ObjectNode>();
    var delta = choice.take();
    if (delta.first()) {
      var role = Json.object().put("role", "assistant").put("content", "");
      var chunk = chunk(choice(choice, "delta", role, List.of(), null), all);
      putPromptTokenIds(chunk, choice, delta);
      chunks.add(chunk);
    }
    // tokens without a text, such as those of a stop string, come with the end
    var rest = delta.tokens();
    if (!delta.text().isEmpty()) {
      var content = Json.object().put("content", delta.text());
      chunks.add(chunk(choice(choice, "delta", content, delta.tokens(), null), all));
      rest = List.of();
    }
    if (choice.finishReason() != null) {
      var end = choice(choice, "delta", Json.object(), rest, choice.finishReason());
      chunks.add(chunk(end, all));
    }
    return chunks;
  }

  @Override
  String chunkObject() {
    return CHUNK;
  }

  /// @param field `message` of a whole answer, `delta` of a chunk
  private ObjectNode choice(
      Choice choice,
      String field,
      ObjectNode content,
      List<PlacedToken> tokens,
      @Nullable FinishReason reason) {
    var json = Json.object().put("index", choice.index());
    json.set(field, content);
    json.set("logprobs", wantsLogprobs() && !tokens.isEmpty() ? logprobs.ofChat(tokens) : null);
    putFinish(json, reason, choice);
    putTokenIds(json, tokens);
    return json;
  }
}
