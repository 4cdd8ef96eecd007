package io.moesaic.router.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moesaic.router.jinja.JinjaException;
import io.moesaic.router.jinja.JinjaTemplate;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Clock;
import java.time.ZoneId;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// Turns the messages of a chat into the one text that a model was trained on, by the Jinja
/// template that comes with the model. Safe for concurrent use.
///
/// A template comes from whoever made the model: it can read no file and call no Java, and its
/// output is bounded. What messages contain is never taken for a template.
public final class ChatTemplate {
  private final @Nullable JinjaTemplate template;
  private final String fault;
  private final String beginOfText;
  private final String endOfText;
  private final Clock clock;

  /// @param beginOfText what the template calls `bos_token`
  /// @param endOfText what the template calls `eos_token`
  /// @param clock for templates that tell the model the date
  ChatTemplate(String template, String beginOfText, String endOfText, Clock clock) {
    this.beginOfText = beginOfText;
    this.endOfText = endOfText;
    this.clock = clock;
    // a model serves completions without it, so that who needs it is who is told
    JinjaTemplate parsed = null;
    var complaint = "";
    try {
      parsed = JinjaTemplate.parse(template);
    } catch (JinjaException e) {
      complaint = sentence(e);
    }
    this.template = parsed;
    fault = complaint;
  }

  /// Reads `chat_template.jinja` of a model's directory, or else `chat_template` in its
  /// `tokenizer_config.json`; nothing if the model has neither.
  public static Optional<ChatTemplate> load(Path modelDirectory) throws IOException {
    var configFile = modelDirectory.resolve("tokenizer_config.json");
    var mapper = new ObjectMapper();
    JsonNode config =
        Files.exists(configFile) ? mapper.readTree(configFile.toFile()) : mapper.nullNode();
    var file = modelDirectory.resolve("chat_template.jinja");
    var template =
        Files.exists(file) ? Files.readString(file) : template(config.path("chat_template"));
    return template.isEmpty()
        ? Optional.empty()
        : Optional.of(
            new ChatTemplate(
                template,
                token(config.path("bos_token")),
                token(config.path("eos_token")),
                Clock.system(ZoneId.systemDefault())));
  }

  /// Writes messages as one text. Special tokens are in it where the template puts them.
  ///
  /// @param messages `role`, `content` and maybe `name` of each
  /// @param addGenerationPrompt whether the text ends where the assistant begins to speak
  public String render(List<Map<String, String>> messages, boolean addGenerationPrompt)
      throws ChatTemplateException {
    if (template == null) {
      throw new ChatTemplateException(fault);
    }
    var variables =
        Map.of(
            "messages", messages,
            "add_generation_prompt", addGenerationPrompt,
            "bos_token", beginOfText,
            "eos_token", endOfText);
    try {
      return template.render(variables, clock);
    } catch (JinjaException e) {
      throw new ChatTemplateException(sentence(e));
    }
  }

  private static String sentence(JinjaException e) {
    return e.refusal()
        ? "the chat template refuses these messages: " + e.getMessage()
        : "the chat template cannot be rendered, line %d: %s".formatted(e.line(), e.getMessage());
  }

  /// One template, or several with names, of which `default` is for chats.
  private static String template(JsonNode node) {
    for (var named : node) {
      if (named.path("name").asText().equals("default")) {
        return named.path("template").asText();
      }
    }
    return node.isTextual() ? node.asText() : "";
  }

  /// A token is its text or an object with it; absent, it is empty.
  private static String token(JsonNode node) {
    return node.isTextual() ? node.asText() : node.path("content").asText("");
  }
}
