package io.moesaic.router.jinja;

import io.moesaic.router.jinja.Numeric.Bool;
import io.moesaic.router.jinja.Numeric.Int;
import io.moesaic.router.jinja.Numeric.Real;
import io.moesaic.router.jinja.Value.Dict;
import io.moesaic.router.jinja.Value.Items;
import io.moesaic.router.jinja.Value.None;
import io.moesaic.router.jinja.Value.Text;
import io.moesaic.router.jinja.Value.Undefined;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map.Entry;
import org.jspecify.annotations.Nullable;

/// Values as JSON, in the form of Python's `json.dumps`.
final class JsonWriter {
  /// @param indent what a level is indented by; null for everything on one line
  record Style(
      boolean asciiOnly,
      @Nullable String indent,
      String itemSeparator,
      String keySeparator,
      boolean sortKeys) {}

  private final Style style;
  private final Output output;
  private final Work work;

  private JsonWriter(Style style, Output output, Work work) {
    this.style = style;
    this.output = output;
    this.work = work;
  }

  static Text write(Value value, Style style, Work work) {
    var output = new Output(work);
    new JsonWriter(style, output, work).write(value, 1);
    return output.toText();
  }

  /// @param depth of what the value holds
  private void write(Value value, int depth) {
    work.spend(1);
    switch (value) {
      case None _ -> output.append("null");
      case Numeric number -> output.append(number(number));
      case Text(var text) -> quote(text);
      case Items items -> {
        output.append("[");
        var separator = "";
        for (var item : items.values()) {
          output.append(separator);
          line(depth);
          write(item, depth + 1);
          separator = style.itemSeparator;
        }
        close(items.truth(), depth, "]");
      }
      case Dict dict -> {
        output.append("{");
        var separator = "";
        for (var entry : entries(dict)) {
          output.append(separator);
          line(depth);
          quote(key(entry.getKey()));
          output.append(style.keySeparator);
          write(entry.getValue(), depth + 1);
          separator = style.itemSeparator;
        }
        close(dict.truth(), depth, "}");
      }
      case Undefined undefined -> throw undefined.failure();
      case Value other -> throw Failure.of("a value of type %s has no JSON", other.type());
    }
  }

  private void close(boolean hasItems, int depth, String bracket) {
    if (hasItems) {
      line(depth - 1);
    }
    output.append(bracket);
  }

  private void line(int depth) {
    if (style.indent != null) {
      output.append("\n");
      for (var i = 0; i < depth; i++) {
        output.append(style.indent);
      }
    }
  }

  private List<Entry<Value, Value>> entries(Dict dict) {
    var entries = new ArrayList<>(dict.entries().entrySet());
    if (style.sortKeys) {
      Comparator<Value> order = (a, b) -> Comparison.compare(a, b, work);
      entries.sort(Entry.comparingByKey(order));
    }
    return entries;
  }

  private static String key(Value key) {
    return switch (key) {
      case Text(var text) -> text;
      case None _ -> "null";
      case Numeric number -> number(number);
      case Value other -> throw Failure.of("a key of type %s has no JSON", other.type());
    };
  }

  private static String number(Numeric number) {
    return switch (number) {
      case Bool(var truth) -> truth ? "true" : "false";
      case Int(var integer) -> Long.toString(integer);
      case Real(var real) when Double.isNaN(real) -> "NaN";
      case Real(var real) when Double.isInfinite(real) -> real > 0 ? "Infinity" : "-Infinity";
      case Real(var real) -> Printer.real(real);
    };
  }

  private void quote(String text) {
    output.append("\"");
    var written = 0;
    for (var at = 0; at < text.length(); at++) {
      var escape = escape(text.charAt(at));
      if (escape != null) {
        output.append(text, written, at).append(escape);
        written = at + 1;
      }
    }
    output.append(text, written, text.length()).append("\"");
  }

  private @Nullable String escape(char c) {
    return switch (c) {
      case '"' -> "\\\"";
      case '\\' -> "\\\\";
      case '\n' -> "\\n";
      case '\r' -> "\\r";
      case '\t' -> "\\t";
      case '\b' -> "\\b";
      case '\f' -> "\\f";
      default -> c < ' ' || (style.asciiOnly && c > '~') ? "\\u%04x".formatted((int) c) : null;
    };
  }
}
