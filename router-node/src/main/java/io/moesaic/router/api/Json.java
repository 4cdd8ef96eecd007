package io.moesaic.router.api;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.vertx.core.buffer.Buffer;
import io.vertx.ext.web.RoutingContext;
import java.io.IOException;

/// JSON in and out: strict when it is read.
final class Json {
  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private Json() {}

  static ObjectNode object() {
    return JsonNodeFactory.instance.objectNode();
  }

  static ArrayNode array() {
    return JsonNodeFactory.instance.arrayNode();
  }

  /// @throws ApiException when the bytes are not one JSON object
  static ObjectNode parseObject(byte[] body) {
    try {
      if (MAPPER.readTree(body) instanceof ObjectNode object) {
        return object;
      }
    } catch (JacksonException e) {
      throw ApiError.invalid(null, "The body is not JSON, or names a field twice, " + place(e))
          .exception();
    } catch (IOException e) {
      throw new AssertionError("bytes in memory can be read", e);
    }
    throw ApiError.invalid(null, "The body must be a JSON object").exception();
  }

  private static String place(JacksonException e) {
    var location = e.getLocation();
    return location == null
        ? "somewhere"
        : "at line %d, column %d".formatted(location.getLineNr(), location.getColumnNr());
  }

  /// Sends a whole answer.
  static void answer(RoutingContext request, JsonNode body) {
    request
        .response()
        .putHeader("content-type", "application/json")
        .end(Buffer.buffer(bytes(body)));
  }

  static byte[] bytes(JsonNode node) {
    try {
      return MAPPER.writeValueAsBytes(node);
    } catch (JsonProcessingException e) {
      throw new AssertionError("every tree can be written", e);
    }
  }
}
