package io.moesaic.router.json;

import com.fasterxml.jackson.core.JacksonException;
import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.fasterxml.jackson.databind.node.TextNode;
import java.io.IOException;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Locale;
import java.util.Set;
import java.util.TreeSet;
import java.util.function.Supplier;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/// The fields of a JSON object from outside, read with the type and the bounds that they must have;
/// `null` is absent. Errors name the path of the field, its value and its bounds. Strict: a field
/// that stands twice, or text after the object, is an error.
public final class JsonFields {
  private static final int MAX_SHOWN_CHARS = 100;

  private static final JsonMapper MAPPER =
      JsonMapper.builder()
          .enable(DeserializationFeature.FAIL_ON_READING_DUP_TREE_KEY)
          .enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS)
          .build();

  private final ObjectNode object;
  private final String prefix;
  private final Set<String> known = new HashSet<>();

  private JsonFields(ObjectNode object, String prefix) {
    this.object = object;
    this.prefix = prefix;
  }

  /// @throws FieldException when the bytes are not one JSON object
  public static JsonFields parse(byte[] json) {
    return new JsonFields(parseObject(json), "");
  }

  private static ObjectNode parseObject(byte[] json) {
    try {
      if (MAPPER.readTree(json) instanceof ObjectNode object) {
        return object;
      }
    } catch (JacksonException e) {
      throw new FieldException("", "It is not JSON, or names a field twice, " + place(e));
    } catch (IOException _) {
      // Jackson takes zeros among the first bytes for UTF-16 or UTF-32, and fails on what follows.
      throw new FieldException("", "It is not JSON: its bytes are not text in UTF-8");
    }
    throw new FieldException("", "It must be a JSON object");
  }

  private static String place(JacksonException e) {
    var location = e.getLocation();
    return location == null
        ? "somewhere"
        : "at line %d, column %d".formatted(location.getLineNr(), location.getColumnNr());
  }

  /// The fields of an object inside.
  ///
  /// @param path of the object
  public static JsonFields of(JsonNode node, String path) {
    if (node instanceof ObjectNode object) {
      return new JsonFields(object, path + ".");
    }
    throw wrong(path, node, "an object");
  }

  /// Reads a field of any type.
  public @Nullable JsonNode find(String name) {
    known.add(name);
    var node = object.get(name);
    return node == null || node.isNull() ? null : node;
  }

  public boolean has(String name) {
    return find(name) != null;
  }

  /// Reads an object by constructors that check what they are given.
  ///
  /// @throws FieldException with the path of this object, for what they refuse
  public <T> T build(Supplier<T> construction) {
    try {
      return construction.get();
    } catch (FieldException e) {
      throw e;
    } catch (IllegalArgumentException e) {
      var name = String.valueOf(e.getMessage()).split(" ", 2)[0];
      throw new FieldException(path(name), prefix + e.getMessage());
    }
  }

  /// A number that must be there.
  ///
  /// @param min the smallest that is allowed; [Double#MIN_VALUE] stands for above 0
  public double required(String name, double min, double max) {
    var node = find(name);
    if (node == null) {
      throw new FieldException(
          path(name), "%s is missing, must be %s".formatted(path(name), bounds(min, max)));
    }
    return real(node, path(name), min, max);
  }

  /// A number in double precision.
  public double real(String name, double absent, double min, double max) {
    var node = find(name);
    return node == null ? absent : real(node, path(name), min, max);
  }

  private static double real(JsonNode node, String path, double min, double max) {
    double value = node.isNumber() ? node.doubleValue() : Double.NaN;
    if (!(value >= min && value <= max)) {
      throw wrong(path, node, "a number " + bounds(min, max));
    }
    return value;
  }

  private static String bounds(double min, double max) {
    return min > 0 && min <= Float.MIN_VALUE
        ? "above 0, at most " + shown(max)
        : "from %s to %s".formatted(shown(min), shown(max));
  }

  /// A bound without a fraction if it has none.
  private static String shown(double bound) {
    return bound == Math.rint(bound) ? "%.0f".formatted(bound) : Double.toString(bound);
  }

  /// Names of all fields.
  public Set<String> names() {
    var names = new TreeSet<String>();
    object.fieldNames().forEachRemaining(names::add);
    return names;
  }

  /// Fields that nobody asked for.
  public Set<String> unknown() {
    var unknown = names();
    unknown.removeAll(known);
    return unknown;
  }

  public String path(String name) {
    return prefix + name;
  }

  public @Nullable JsonFields object(String name) {
    var node = find(name);
    return node == null ? null : of(node, path(name));
  }

  public @Nullable String text(String name) {
    var node = find(name);
    return node == null ? null : text(node, path(name));
  }

  public static String text(JsonNode node, String path) {
    if (!node.isTextual()) {
      throw wrong(path, node, "a string");
    }
    return node.asText();
  }

  public boolean flag(String name, boolean absent) {
    var node = find(name);
    if (node == null) {
      return absent;
    }
    if (!node.isBoolean()) {
      throw wrong(path(name), node, "true or false");
    }
    return node.asBoolean();
  }

  public int integer(String name, int absent, int min, int max) {
    var node = find(name);
    return node == null ? absent : integer(node, path(name), min, max);
  }

  /// An integer that must be there.
  public int requiredInteger(String name, int min, int max) {
    var node = find(name);
    if (node == null) {
      throw new FieldException(
          path(name),
          "%s is missing, must be an integer from %d to %d".formatted(path(name), min, max));
    }
    return integer(node, path(name), min, max);
  }

  public static int integer(JsonNode node, String path, int min, int max) {
    if (!node.isIntegralNumber()
        || !node.canConvertToInt()
        || node.asInt() < min
        || node.asInt() > max) {
      throw wrong(path, node, "an integer from %d to %d".formatted(min, max));
    }
    return node.asInt();
  }

  public long longInteger(String name, long absent) {
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
  public float number(String name, float absent, float min, float max) {
    var node = find(name);
    return node == null ? absent : number(node, path(name), min, max);
  }

  public static float number(JsonNode node, String path, float min, float max) {
    var value = node.isNumber() ? node.floatValue() : Float.NaN;
    if (!(value >= min && value <= max)) {
      throw wrong(path, node, "a number " + bounds(min, max));
    }
    return value;
  }

  /// One of an enum's names, in lower case.
  public <E extends Enum<E>> E choice(String name, E absent) {
    var text = text(name);
    if (text == null) {
      return absent;
    }
    var options = absent.getDeclaringClass().getEnumConstants();
    for (var option : options) {
      if (label(option).equals(text)) {
        return option;
      }
    }
    var labels = Arrays.stream(options).map(JsonFields::label).collect(Collectors.joining(", "));
    throw wrong(path(name), TextNode.valueOf(text), "one of " + labels);
  }

  /// How an enum's constant is spelled in JSON: `next_choice` for `NEXT_CHOICE`.
  public static String label(Enum<?> option) {
    return option.name().toLowerCase(Locale.ROOT);
  }

  /// Refuses fields that nobody asked for.
  public void requireNoOthers() {
    for (var name : unknown()) {
      throw new FieldException(
          path(name), "%s is not known here; known are %s".formatted(path(name), sorted(known)));
    }
  }

  private static String sorted(Set<String> names) {
    return String.join(", ", new TreeSet<>(names));
  }

  /// The error that a value is not what it must be.
  public static FieldException wrong(String path, JsonNode value, String expected) {
    return new FieldException(
        path, "%s is %s but must be %s".formatted(path, shown(value), expected));
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
