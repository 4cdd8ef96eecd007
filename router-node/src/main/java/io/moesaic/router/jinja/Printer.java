package io.moesaic.router.jinja;

import io.moesaic.router.jinja.Value.Bool;
import io.moesaic.router.jinja.Value.Dict;
import io.moesaic.router.jinja.Value.Int;
import io.moesaic.router.jinja.Value.Items;
import io.moesaic.router.jinja.Value.None;
import io.moesaic.router.jinja.Value.Once;
import io.moesaic.router.jinja.Value.Opaque;
import io.moesaic.router.jinja.Value.Real;
import io.moesaic.router.jinja.Value.Text;
import io.moesaic.router.jinja.Value.Undefined;
import java.math.BigDecimal;
import java.util.List;

/// Values as Python prints them: texts as they are, but in quotes inside of lists.
final class Printer {
  private final Work work;
  private final Work.Output output;

  private Printer(Work work) {
    this.work = work;
    output = work.new Output();
  }

  static String print(Value value, Work work) {
    return switch (value) {
      case Text(var text) -> text;
      case Undefined _ -> "";
      case Value other -> {
        var printer = new Printer(work);
        printer.represent(other);
        yield printer.output.toText().content();
      }
    };
  }

  private void represent(Value value) {
    work.enter();
    switch (value) {
      case None _ -> output.append("None");
      case Bool(var truth) -> output.append(truth ? "True" : "False");
      case Int(var integer) -> output.append(Long.toString(integer));
      case Real(var real) -> output.append(real(real));
      case Text(var content) -> quote(content);
      case Items(var kind, var values) -> {
        switch (kind) {
          case LIST -> list("[", values, "]");
          case TUPLE -> list("(", values, values.size() == 1 ? ",)" : ")");
          case KEYS, VALUES, ENTRIES -> list(value.type() + "([", values, "])");
          case RANGE -> throw new Failure("a range has no text; put '| list' behind it");
        }
      }
      case Dict dict -> dict(dict);
      case Undefined _ -> output.append("Undefined");
      case Once _, Opaque _ -> output.append("<" + value.type() + ">");
    }
    work.leave();
  }

  private void list(String open, List<Value> values, String close) {
    var separator = open;
    for (var value : values) {
      output.append(separator);
      represent(value);
      separator = ", ";
    }
    output.append(values.isEmpty() ? open : "").append(close);
  }

  private void dict(Dict dict) {
    var separator = "{";
    for (var entry : dict.entries().entrySet()) {
      output.append(separator);
      quote(entry.getKey());
      output.append(": ");
      represent(entry.getValue());
      separator = ", ";
    }
    output.append(dict.truth() ? "}" : "{}");
  }

  /// As few digits as tell the number from others; an exponent if it is large or small.
  static String real(double real) {
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

  private void quote(String content) {
    var quote = content.indexOf('\'') >= 0 && content.indexOf('"') < 0 ? "\"" : "'";
    output.append(quote);
    for (var at = 0; at < content.length(); at += Character.charCount(content.codePointAt(at))) {
      var c = content.codePointAt(at);
      output.append(
          switch (c) {
            case '\n' -> "\\n";
            case '\r' -> "\\r";
            case '\t' -> "\\t";
            case '\\' -> "\\\\";
            case '\'' -> quote.equals("'") ? "\\'" : "'";
            default -> isPrintable(c) ? Character.toString(c) : escape(c);
          });
    }
    output.append(quote);
  }

  private static boolean isPrintable(int c) {
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

  private static String escape(int c) {
    return c < 0x100
        ? "\\x%02x".formatted(c)
        : c < 0x10000 ? "\\u%04x".formatted(c) : "\\U%08x".formatted(c);
  }
}
