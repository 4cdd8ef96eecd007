package io.moesaic.router.tokenizer;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import com.google.common.base.Throwables;
import com.hubspot.jinjava.Jinjava;
import com.hubspot.jinjava.JinjavaConfig;
import com.hubspot.jinjava.LegacyOverrides;
import com.hubspot.jinjava.interpret.Context.Library;
import com.hubspot.jinjava.interpret.TemplateError;
import com.hubspot.jinjava.interpret.TemplateError.ErrorType;
import com.hubspot.jinjava.lib.fn.ELFunctionDefinition;
import java.io.FileNotFoundException;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/// Turns the messages of a chat into the one text that a model was trained on, by the Jinja
/// template that comes with the model. Safe for concurrent use.
///
/// A template comes from whoever made the model: it can read no file and call no Java, and its
/// output is bounded. What messages contain is never taken for a template.
public final class ChatTemplate {
  /// As much text as a request's body may bring, and what templates add to it.
  private static final long MAX_OUTPUT_BYTES = 16L << 20;

  private static final int MAX_DEPTH = 20;

  // As Hugging Face renders templates: blocks leave no empty lines.
  private static final JinjavaConfig CONFIG =
      JinjavaConfig.newBuilder()
          .withTrimBlocks(true)
          .withLstripBlocks(true)
          .withKeepTrailingNewline(true)
          .withNestedInterpretationEnabled(false)
          .withMaxOutputSize(MAX_OUTPUT_BYTES)
          .withMaxStringLength(MAX_OUTPUT_BYTES)
          .withMaxRenderDepth(MAX_DEPTH)
          .withDisabled(Map.of(Library.TAG, Set.of("include", "import", "from", "extends")))
          .withElResolver(new PythonStrings())
          .withLegacyOverrides(
              LegacyOverrides.newBuilder()
                  .withEvaluateMapKeys(true)
                  .withIterateOverMapKeys(true)
                  .withUsePyishObjectMapper(true)
                  .withUseNaturalOperatorPrecedence(true)
                  .withParseWhitespaceControlStrictly(true)
                  .withUseTrimmingForNotesAndExpressions(true)
                  .withKeepNullableLoopValues(true)
                  .withHandleBackslashInQuotesOnly(true)
                  .build())
          .build();

  private final String template;
  private final String beginOfText;
  private final String endOfText;
  private final Jinjava jinjava;

  /// @param beginOfText what the template calls `bos_token`
  /// @param endOfText what the template calls `eos_token`
  ChatTemplate(String template, String beginOfText, String endOfText) {
    // Jinja drops the newline that ends the file; Jinja in Java would drop that of the output.
    this.template =
        template.endsWith("\n") ? template.substring(0, template.length() - 1) : template;
    this.beginOfText = beginOfText;
    this.endOfText = endOfText;
    jinjava = new Jinjava(CONFIG);
    jinjava.setResourceLocator(
        (name, _, _) -> {
          throw new FileNotFoundException("a chat template may not read " + name);
        });
    jinjava
        .getGlobalContext()
        .registerFunction(
            new ELFunctionDefinition(
                "", "raise_exception", ChatTemplate.class, "raiseException", String.class));
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
                template, token(config.path("bos_token")), token(config.path("eos_token"))));
  }

  /// Writes messages as one text. Special tokens are in it where the template puts them.
  ///
  /// @param messages `role`, `content` and maybe `name` of each
  /// @param addGenerationPrompt whether the text ends where the assistant begins to speak
  public String render(List<Map<String, String>> messages, boolean addGenerationPrompt)
      throws ChatTemplateException {
    var variables = new HashMap<String, Object>();
    variables.put("messages", messages);
    variables.put("add_generation_prompt", addGenerationPrompt);
    variables.put("bos_token", beginOfText);
    variables.put("eos_token", endOfText);
    try {
      var result = jinjava.renderForResult(template, variables);
      for (var error : result.getErrors()) {
        if (error.getSeverity() == ErrorType.FATAL) {
          throw new ChatTemplateException(message(error));
        }
      }
      return result.getOutput();
    } catch (StackOverflowError _) {
      // the renderer descends into blocks before it counts them
      throw new ChatTemplateException("the chat template nests its blocks too deeply");
    }
  }

  /// The function by which templates refuse messages.
  public static String raiseException(String message) {
    throw new RefusedByTemplate(message);
  }

  private static final class RefusedByTemplate extends RuntimeException {
    private static final long serialVersionUID = 1;

    RefusedByTemplate(String message) {
      super(message);
    }
  }

  private static String message(TemplateError error) {
    if (error.getException() != null
        && Throwables.getRootCause(error.getException()) instanceof RefusedByTemplate refusal) {
      return "the chat template refuses these messages: " + refusal.getMessage();
    }
    return "the chat template cannot be rendered, line %d: %s"
        .formatted(error.getLineno(), error.getMessage());
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
