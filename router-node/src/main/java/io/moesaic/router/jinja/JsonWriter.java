package io.moesaic.router.jinja;

import io.moesaic.router.jinja.Value.Bool;
import io.moesaic.router.jinja.Value.Dict;
import io.moesaic.router.jinja.Value.Int;
import io.moesaic.router.jinja.Value.Items;
import io.moesaic.router.jinja.Value.None;
import io.moesaic.router.jinja.Value.Real;
import io.moesaic.router.jinja.Value.Text;
import io.moesaic.router.jinja.Value.Undefined;
import java.util.TreeMap;
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
  private final Work work;
  private final Work.Output output;

  private JsonWriter(Style style, Work work) {
    this.style = style;
    this.work = work;
    output = work.new Output();
  }

  static Text write(Value value, Style style, Work work) {
    var writer = new JsonWriter(style, work);
    writer.write(value, 0);
    return writer.output.toText();
  }

  private void write(Value value, int depth) {
    work.enter();
    switch (value) {
      case None _ -> output.append("null");
      case Bool(var truth) -> output.append(truth ? "true" : "false");
      case Int(var integer) -> output.append(Long.toString(integer));
      case Real(var real) -> output.append(Printer.real(real));
      case Text(var text) -> quote(text);
      case Items(var kind, var values) when kind.isListOrTuple() -> {
        output.append("[");
        var separator = "";
        for (var item : values) {
          output.append(separator);
          line(depth + 1);
          write(item, depth + 1);
          separator = style.itemSeparator;
        }
        close(value, depth, "]");
      }
      case Dict(var entries) -> {
        output.append("{");
        var separator = "";
        for (var entry : (style.sortKeys ? new TreeMap<>(entries) : entries).entrySet()) {
          output.append(separator);
          line(depth + 1);
          quote(entry.getKey());
          output.append(style.keySeparator);
          write(entry.getValue(), depth + 1);
          separator = style.itemSeparator;
        }
        close(value, depth, "}");
      }
      case Undefined undefined -> throw undefined.failure();
      case Value other -> throw Failure.of("a value of type %s has no JSON", other.type());
    }
    work.leave();
  }

  private void close(Value value, int depth, String bracket) {
    if (value.truth()) {
      line(depth);
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
