package io.moesaic.router.api;

import com.fasterxml.jackson.databind.JsonNode;
import io.moesaic.router.json.JsonFields;
import io.moesaic.router.tokenizer.Tokenizer;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// What the model continues, or encodes for a text of its own. A text keeps its spelling, so that
/// it can be echoed as it came.
final class Prompt {
  private static final String EXPECTED =
      "a string, strings, token ids, or arrays of token ids, none of them empty";

  private final @Nullable String text;
  private final int[] tokens;

  private Prompt(@Nullable String text, int[] tokens) {
    this.text = text;
    this.tokens = tokens;
  }

  /// @throws ApiException when there is nothing to continue
  static Prompt of(String text, boolean addSpecialTokens, String path, ServedModel model) {
    int[] tokens = model.tokenizer().encode(text, addSpecialTokens);
    for (int token : tokens) {
      if (token >= model.vocabularySize()) {
        throw ApiError.invalid(
                path,
                "%s has token %d, but the model's vocabulary ends at %d"
                    .formatted(path, token, model.vocabularySize() - 1))
            .exception();
      }
    }
    if (tokens.length == 0) {
      throw ApiError.invalid(path, path + " has no tokens; it must not be empty").exception();
    }
    return new Prompt(text, tokens);
  }

  /// Reads the field `prompt`: one prompt or several, each a text or token ids.
  ///
  /// @param most prompts that are allowed; more are refused before any is tokenized
  static List<Prompt> parse(JsonFields fields, ServedModel model, int most) {
    var path = fields.path("prompt");
    var node = fields.find("prompt");
    if (node == null) {
      throw ApiError.invalid(path, path + " is missing; it must be " + EXPECTED).exception();
    }
    if (!node.isArray() || (!node.isEmpty() && node.path(0).isNumber())) {
      return List.of(one(node, path, model));
    }
    if (node.isEmpty()) {
      throw JsonFields.wrong(path, node, EXPECTED);
    }
    if (node.size() > most) {
      throw ApiError.invalid(path, "%d prompts are more than %d".formatted(node.size(), most))
          .exception();
    }
    var prompts = new ArrayList<Prompt>(node.size());
    for (int i = 0; i < node.size(); i++) {
      prompts.add(one(node.get(i), path + "[" + i + "]", model));
    }
    return prompts;
  }

  private static Prompt one(JsonNode node, String path, ServedModel model) {
    if (node.isTextual() && !node.asText().isEmpty()) {
      return of(node.asText(), true, path, model);
    }
    if (!node.isArray() || node.isEmpty()) {
      throw JsonFields.wrong(path, node, EXPECTED);
    }
    return new Prompt(null, tokenIds(node, path, model.vocabularySize()));
  }

  /// Reads an array of token ids.
  static int[] tokenIds(JsonNode node, String path, int vocabularySize) {
    if (!node.isArray()) {
      throw JsonFields.wrong(path, node, "an array of token ids");
    }
    var ids = new int[node.size()];
    for (int i = 0; i < ids.length; i++) {
      ids[i] = JsonFields.integer(node.get(i), path + "[" + i + "]", 0, vocabularySize - 1);
    }
    return ids;
  }

  /// Not to be changed.
  int[] tokens() {
    return tokens;
  }

  /// The text as it came, or what the tokens say.
  String text(Tokenizer tokenizer) {
    return text == null ? tokenizer.decode(tokens, true) : text;
  }
}
