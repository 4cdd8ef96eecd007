package io.moesaic.router.jinja;

import io.moesaic.router.jinja.Value.Items;
import io.moesaic.router.jinja.Value.Items.Kind;
import io.moesaic.router.jinja.Value.Text;
import java.math.BigDecimal;
import java.util.Map;
import java.util.TreeMap;
import org.jspecify.annotations.Nullable;

/// Values as Python prints them, or as JSON in the form of Python's `json.dumps`.
final class Printer {
  /// Of JSON.
  ///
  /// @param indent what a level is indented by; null for everything on one line
  record Style(
      boolean asciiOnly,
      @Nullable String indent,
      String itemSeparator,
      String keySeparator,
      boolean sortKeys) {}

  private static final Style PYTHON = new Style(false, null, ", ", ": ", false);

  private final Style style;
  private final boolean json;
  private final Work work;
  private final Work.Output output;

  private Printer(Style style, Work work) {
    this.style = style;
    this.work = work;
    json = style != PYTHON;
    output = work.new Output();
  }

  /// A text is printed as it is, but in quotes inside of lists.
  static String print(Value value, Work work) {
    return switch (value) {
      case Text(var text) -> text;
      case Value.Undefined _ -> "";
      case Value other -> json(other, PYTHON, work).content();
    };
  }

  static Text json(Value value, Style style, Work work) {
    var printer = new Printer(style, work);
    printer.write(value, 1);
    return printer.output.toText();
  }

  /// @param depth of what the value holds
  private void write(Value value, int depth) {
    work.enter();
    switch (value) {
      case Value.None _ -> output.append(json ? "null" : "None");
      case Value.Bool(var truth) when json -> output.append(truth ? "true" : "false");
      case Value.Bool(var truth) -> output.append(truth ? "True" : "False");
      case Value.Int(var integer) -> output.append(Long.toString(integer));
      case Value.Real(var real) -> output.append(real(real));
      case Text(var text) -> quote(text);
      case Items list when list.kind() == Kind.LIST || (json && list.kind() == Kind.TUPLE) ->
          items("[", list, "]", depth);
      case Items items when json || items.kind() == Kind.RANGE -> throw unprintable(items);
      case Items tuple when tuple.kind() == Kind.TUPLE ->
          items("(", tuple, tuple.size() == 1 ? ",)" : ")", depth);
      case Items view -> items(view.type() + "([", view, "])", depth);
      case Value.Dict dict -> dict(dict, depth);
      case Value.Undefined undefined when json -> throw undefined.failure();
      case Value other when json -> throw unprintable(other);
      case Value.Undefined _ -> output.append("Undefined");
      case Value other -> output.append("<" + other.type() + ">");
    }
    work.leave();
  }

  private static Failure unprintable(Value value) {
    return Failure.of("a value of type %s has no text; '| list' may help", value.type());
  }

  private void items(String open, Items items, String close, int depth) {
    output.append(open);
    var separator = "";
    for (var item : items.values()) {
      output.append(separator);
      line(depth);
      write(item, depth + 1);
      separator = style.itemSeparator;
    }
    close(items, depth, close);
  }

  private void dict(Value.Dict dict, int depth) {
    output.append("{");
    var separator = "";
    Map<String, Value> entries = style.sortKeys ? new TreeMap<>(dict.entries()) : dict.entries();
    for (var entry : entries.entrySet()) {
      output.append(separator);
      line(depth);
      quote(entry.getKey());
      output.append(style.keySeparator);
      write(entry.getValue(), depth + 1);
      separator = style.itemSeparator;
    }
    close(dict, depth, "}");
  }

  private void close(Value value, int depth, String bracket) {
    if (value.truth()) {
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

  /// As few digits as tell the number from others; an exponent if it is large or small.
  private static String real(double real) {
    if (real == 0) {
      return 1 / real < 0 ? "-0.0" : "0.0";
    }
    var decimal = new BigDecimal(Double.toString(real)).stripTrailingZeros();
    var exponent = decimal.precision() - decimal.scale() - 1;
    if (exponent >= -4 && exponent < 16) {
      var plain = decimal.toPlainString();
      return plain.indexOf('.') < 0 ? plain + ".0" : plain;
    }
    var digits = decimal.unscaledValue().abs().toString();
    return (real < 0 ? "-" : "")
        + digits.charAt(0)
        + (digits.length() > 1 ? "." + digits.substring(1) : "")
        + "e%+03d".formatted(exponent);
  }

  private void quote(String text) {
    var quote = json || (text.indexOf('\'') >= 0 && text.indexOf('"') < 0) ? '"' : '\'';
    output.append(Character.toString(quote));
    for (var at = 0; at < text.length(); ) {
      var c = json ? text.charAt(at) : text.codePointAt(at);
      output.append(escape(c, quote));
      at += Character.charCount(c);
    }
    output.append(Character.toString(quote));
  }

  private String escape(int c, char quote) {
    return switch (c) {
      case '\n' -> "\\n";
      case '\r' -> "\\r";
      case '\t' -> "\\t";
      case '\\' -> "\\\\";
      case '\b' -> json ? "\\b" : hex(c);
      case '\f' -> json ? "\\f" : hex(c);
      default -> c == quote ? "\\" + quote : isPlain(c) ? Character.toString(c) : hex(c);
    };
  }

  private boolean isPlain(int c) {
    if (json) {
      return c >= ' ' && (c <= '~' || !style.asciiOnly);
    }
    return switch (Character.getType(c)) {
      case Character.CONTROL,
          Character.FORMAT,
          Character.SURROGATE,
          Character.PRIVATE_USE,
          Character.UNASSIGNED,
          Character.LINE_SEPARATOR,
          Character.PARAGRAPH_SEPARATOR ->
          false;
      case Character.SPACE_SEPARATOR -> c == ' ';
      default -> true;
    };
  }

  private String hex(int c) {
    return (!json && c < 0x100 ? "\\x%02x" : c < 0x10000 ? "\\u%04x" : "\\U%08x").formatted(c);
  }
}
