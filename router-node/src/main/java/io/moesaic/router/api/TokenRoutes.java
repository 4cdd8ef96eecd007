package io.moesaic.router.api;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import io.moesaic.router.json.JsonFields;
import io.moesaic.router.tokenizer.Tokenizer;
import java.util.Arrays;
import java.util.stream.Stream;

/// `/tokenize` and `/detokenize`, in the two dialects that clients speak: vLLM's asks with `prompt`
/// or `messages`, llama.cpp's with `content`.
final class TokenRoutes {
  private TokenRoutes() {}

  static JsonNode tokenize(ServedModel model, JsonFields fields) {
    var asked = Stream.of("prompt", "messages", "content").filter(fields::has).toList();
    if (asked.size() != 1) {
      throw ApiError.invalid(
              asked.isEmpty() ? "prompt" : asked.getLast(),
              "Exactly one of prompt, messages and content is needed, not " + asked)
          .exception();
    }
    return asked.contains("content") ? contentTokens(model, fields) : promptTokens(model, fields);
  }

  static JsonNode detokenize(ServedModel model, JsonFields fields) {
    var tokens = fields.find("tokens");
    if (tokens == null) {
      throw ApiError.invalid("tokens", "tokens is missing; it must be an array of token ids")
          .exception();
    }
    int[] ids = Prompt.tokenIds(tokens, fields.path("tokens"), model.vocabularySize());
    return Json.object().put("prompt", model.tokenizer().decode(ids, false));
  }

  private static JsonNode promptTokens(ServedModel model, JsonFields fields) {
    int[] ids;
    var prompt = fields.text("prompt");
    if (prompt != null) {
      ids = model.tokenizer().encode(prompt, fields.flag("add_special_tokens", true));
    } else {
      ids = ChatMessages.prompt(fields, model, fields.flag("add_generation_prompt", true)).tokens();
    }
    var json = Json.object().put("count", ids.length).put("max_model_len", model.maxModelLength());
    model.maxEncodedPrompt().ifPresent(length -> json.put("max_prompt_len", length));
    json.set("tokens", ids(ids));
    if (fields.flag("return_token_strs", false)) {
      var pieces = json.putArray("token_strs");
      Arrays.stream(ids).mapToObj(model.tokenizer()::piece).forEach(pieces::add);
    } else {
      json.putNull("token_strs");
    }
    return json;
  }

  private static JsonNode contentTokens(ServedModel model, JsonFields fields) {
    var content = fields.text("content");
    int[] ids =
        model.tokenizer().encode(content == null ? "" : content, fields.flag("add_special", false));
    var json = Json.object();
    json.set(
        "tokens",
        fields.flag("with_pieces", false) ? withPieces(ids, model.tokenizer()) : ids(ids));
    return json;
  }

  private static ArrayNode ids(int[] ids) {
    var json = Json.array();
    Arrays.stream(ids).forEach(json::add);
    return json;
  }

  /// A piece that is no text by itself is an array of its bytes.
  private static ArrayNode withPieces(int[] ids, Tokenizer tokenizer) {
    var json = Json.array();
    for (int id : ids) {
      var entry = json.addObject().put("id", id);
      var bytes = tokenizer.bytes(id);
      var text = new String(bytes, UTF_8);
      if (Arrays.equals(text.getBytes(UTF_8), bytes)) {
        entry.put("piece", text);
      } else {
        var piece = entry.putArray("piece");
        for (byte b : bytes) {
          piece.add(Byte.toUnsignedInt(b));
        }
      }
    }
    return json;
  }
}
