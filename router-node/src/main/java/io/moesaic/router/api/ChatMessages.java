package io.moesaic.router.api;

import com.fasterxml.jackson.databind.JsonNode;
import io.moesaic.router.json.JsonFields;
import io.moesaic.router.tokenizer.ChatTemplateException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// The field `messages` of a chat, and the prompt that the model's template makes of it.
final class ChatMessages {
  private ChatMessages() {}

  static Prompt prompt(JsonFields fields, ServedModel model, boolean addGenerationPrompt) {
    var path = fields.path("messages");
    var template =
        model
            .chatTemplate()
            .orElseThrow(
                () ->
                    ApiError.invalid(
                            path,
                            "The model '%s' has no chat template; use /v1/completions"
                                .formatted(model.name()))
                        .exception());
    try {
      var text = template.render(parse(fields.find("messages"), path), addGenerationPrompt);
      // the template writes special tokens itself
      return Prompt.of(text, false, path, model);
    } catch (ChatTemplateException e) {
      throw ApiError.invalid(path, String.valueOf(e.getMessage())).exception();
    }
  }

  private static List<Map<String, String>> parse(@Nullable JsonNode node, String path) {
    if (node == null) {
      throw ApiError.invalid(path, path + " is missing; it must be an array").exception();
    }
    if (!node.isArray() || node.isEmpty()) {
      throw JsonFields.wrong(path, node, "an array of messages, not empty");
    }
    var messages = new ArrayList<Map<String, String>>(node.size());
    for (int i = 0; i < node.size(); i++) {
      messages.add(message(JsonFields.of(node.get(i), path + "[" + i + "]")));
    }
    if (endsWithTwoOfTheAssistant(messages)) {
      throw ApiError.invalid(
              path + "[" + (messages.size() - 1) + "]",
              "The last two messages are both of the assistant; at most one may be")
          .exception();
    }
    return messages;
  }

  private static boolean endsWithTwoOfTheAssistant(List<Map<String, String>> messages) {
    return messages.size() >= 2
        && messages.subList(messages.size() - 2, messages.size()).stream()
            .allMatch(message -> "assistant".equals(message.get("role")));
  }

  private static Map<String, String> message(JsonFields fields) {
    var message = new HashMap<String, String>();
    var role = fields.text("role");
    if (role == null || role.isEmpty()) {
      throw ApiError.invalid(fields.path("role"), fields.path("role") + " is missing").exception();
    }
    message.put("role", role);
    message.put("content", content(fields));
    var name = fields.text("name");
    if (name != null) {
      message.put("name", name);
    }
    return message;
  }

  /// A text, or parts that are all texts.
  private static String content(JsonFields fields) {
    var path = fields.path("content");
    var node = fields.find("content");
    if (node == null) {
      throw ApiError.invalid(path, path + " is missing").exception();
    }
    if (!node.isArray()) {
      return JsonFields.text(node, path);
    }
    var content = new StringBuilder();
    for (int i = 0; i < node.size(); i++) {
      var part = JsonFields.of(node.get(i), path + "[" + i + "]");
      var text = part.text("text");
      if (!"text".equals(part.text("type")) || text == null) {
        throw JsonFields.wrong(
            path + "[" + i + "]", node.get(i), "{\"type\": \"text\", \"text\": ...}");
      }
      content.append(text);
    }
    return content.toString();
  }
}
