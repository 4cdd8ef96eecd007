package io.moesaic.router.api;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moesaic.router.api.Choice.Delta;
import java.util.List;

/// The answer of `/v1/completions`. Its last text comes in the chunk that tells why it ended.
final class CompletionFormat extends AnswerFormat {
  private static final String OBJECT = "text_completion";

  private final Logprobs logprobs;

  CompletionFormat(TextRequest request, Head head, Logprobs logprobs, MoeReport moe) {
    super(request, head, moe);
    this.logprobs = logprobs;
  }

  @Override
  ObjectNode whole(List<Choice> choices) {
    var json = head(OBJECT);
    var array = json.putArray("choices");
    choices.forEach(choice -> array.add(choice(choice, choice.take())));
    putSums(json, choices);
    return json;
  }

  @Override
  List<ObjectNode> chunks(Choice choice, List<Choice> all) {
    return List.of(chunk(choice(choice, choice.take()), all));
  }

  @Override
  String chunkObject() {
    return OBJECT;
  }

  private ObjectNode choice(Choice choice, Delta delta) {
    var json = Json.object().put("index", choice.index()).put("text", delta.text());
    json.set(
        "logprobs", wantsLogprobs() ? logprobs.ofCompletion(delta.echoed(), delta.tokens()) : null);
    putFinish(json, choice.finishReason(), choice);
    putPromptTokenIds(json, choice, delta);
    putTokenIds(json, delta.tokens());
    return json;
  }
}
