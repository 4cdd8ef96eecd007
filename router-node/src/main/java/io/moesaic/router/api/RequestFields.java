package io.moesaic.router.api;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.HashSet;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/// The fields of a JSON object that a client sent, read with the type and the bounds that they must
/// have; `null` is absent. Errors name the path of the field, its value and its bounds.
final class RequestFields {
  private static final int MAX_SHOWN_CHARS = 100;

  private final ObjectNode object;
  private final String prefix;
  private final Set<String> known = new HashSet<>();

  private RequestFields(ObjectNode object, String prefix) {
    this.object = object;
    this.prefix = prefix;
  }

  static RequestFields parse(byte[] body) {
    return new RequestFields(Json.parseObject(body), "");
  }

  /// The fields of an object inside.
  ///
  /// @param path of the object
  static RequestFields of(JsonNode node, String path) {
    if (node instanceof ObjectNode object) {
      return new RequestFields(object, path + ".");
    }
    throw wrong(path, node, "an object");
  }

  /// Reads a field of any type.
  @Nullable JsonNode find(String name) {
    known.add(name);
    var node = object.get(name);
    return node == null || node.isNull() ? null : node;
  }

  boolean has(String name) {
    return find(name) != null;
  }

  /// Fields that nobody asked for.
  Set<String> unknown() {
    var unknown = new TreeSet<String>();
    object.fieldNames().forEachRemaining(unknown::add);
    unknown.removeAll(known);
    return unknown;
  }

  String path(String name) {
    return prefix + name;
  }

  @Nullable RequestFields object(String name) {
    var node = find(name);
    return node == null ? null : of(node, path(name));
  }

  @Nullable String text(String name) {
    var node = find(name);
    return node == null ? null : text(node, path(name));
  }

  static String text(JsonNode node, String path) {
    if (!node.isTextual()) {
      throw wrong(path, node, "a string");
    }
    return node.asText();
  }

  boolean flag(String name, boolean absent) {
    var node = find(name);
    if (node == null) {
      return absent;
    }
    if (!node.isBoolean()) {
      throw wrong(path(name), node, "true or false");
    }
    return node.asBoolean();
  }

  int integer(String name, int absent, int min, int max) {
    var node = find(name);
    return node == null ? absent : integer(node, path(name), min, max);
  }

  static int integer(JsonNode node, String path, int min, int max) {
    if (!node.isIntegralNumber()
        || !node.canConvertToInt()
        || node.asInt() < min
        || node.asInt() > max) {
      throw wrong(path, node, "an integer from %d to %d".formatted(min, max));
    }
    return node.asInt();
  }

  long longInteger(String name, long absent) {
    var node = find(name);
    if (node == null) {
      return absent;
    }
    if (!node.isIntegralNumber() || !node.canConvertToLong()) {
      throw wrong(path(name), node, "an integer of 64 bits");
    }
    return node.asLong();
  }

  /// @param min the smallest that is allowed; [Float#MIN_VALUE] stands for above 0
  float number(String name, float absent, float min, float max) {
    var node = find(name);
    return node == null ? absent : number(node, path(name), min, max);
  }

  static float number(JsonNode node, String path, float min, float max) {
    var value = node.isNumber() ? node.floatValue() : Float.NaN;
    if (!(value >= min && value <= max)) {
      var lowest = min == Float.MIN_VALUE ? "above 0" : "from " + min;
      throw wrong(path, node, "a number %s to %s".formatted(lowest, max));
    }
    return value;
  }

  /// The error that a value is not what it must be.
  static ApiException wrong(String path, JsonNode value, String expected) {
    return ApiError.invalid(path, "%s is %s but must be %s".formatted(path, shown(value), expected))
        .exception();
  }

  /// A value, short enough for a message.
  private static String shown(JsonNode value) {
    var text =
        switch (value.getNodeType()) {
          case ARRAY -> "an array of %d".formatted(value.size());
          case OBJECT -> "an object of %d fields".formatted(value.size());
          default -> value.toString();
        };
    return text.length() <= MAX_SHOWN_CHARS ? text : text.substring(0, MAX_SHOWN_CHARS) + "...";
  }
}
