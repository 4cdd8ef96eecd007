package io.moesaic.router.jinja;

import io.moesaic.router.jinja.Numeric.Bool;
import io.moesaic.router.jinja.Numeric.Int;
import io.moesaic.router.jinja.Numeric.Real;
import io.moesaic.router.jinja.Value.Dict;
import io.moesaic.router.jinja.Value.Items;
import io.moesaic.router.jinja.Value.None;
import io.moesaic.router.jinja.Value.Once;
import io.moesaic.router.jinja.Value.Opaque;
import io.moesaic.router.jinja.Value.Range;
import io.moesaic.router.jinja.Value.Text;
import io.moesaic.router.jinja.Value.Undefined;
import io.moesaic.router.jinja.Value.View;
import java.math.BigDecimal;
import java.util.Collection;

/// Values as Python prints them: texts as they are, but in quotes inside of lists.
final class Printer {
  private final Output output;

  private Printer(Output output) {
    this.output = output;
  }

  static String print(Value value, Work work) {
    return switch (value) {
      case Text text -> text.content();
      case Undefined _ -> "";
      case Value other -> represent(other, work);
    };
  }

  static String represent(Value value, Work work) {
    var output = new Output(work);
    new Printer(output).represent(value);
    return output.toString();
  }

  private void represent(Value value) {
    switch (value) {
      case None _ -> output.append("None");
      case Bool(var truth) -> output.append(truth ? "True" : "False");
      case Int(var integer) -> output.append(Long.toString(integer));
      case Real(var real) -> output.append(real(real));
      case Text(var content) -> quote(content);
      case Items items -> items(items);
      case Range(var start, var stop, var step) ->
          output.append("range(" + start + ", " + stop + (step == 1 ? ")" : ", " + step + ")"));
      case Dict dict -> dict(dict);
      case View view -> {
        output.append(view.type()).append("([");
        list(view.values());
        output.append("])");
      }
      case Undefined _ -> output.append("Undefined");
      case Once _, Opaque _ -> output.append("<" + value.type() + ">");
    }
  }

  private void items(Items items) {
    var isList = items.kind() == Items.Kind.LIST;
    output.append(isList ? "[" : "(");
    list(items.values());
    if (!isList && items.values().size() == 1) {
      output.append(",");
    }
    output.append(isList ? "]" : ")");
  }

  private void list(Collection<Value> values) {
    var separator = "";
    for (var value : values) {
      output.append(separator);
      represent(value);
      separator = ", ";
    }
  }

  private void dict(Dict dict) {
    output.append("{");
    var separator = "";
    for (var entry : dict.entries().entrySet()) {
      output.append(separator);
      represent(entry.getKey());
      output.append(": ");
      represent(entry.getValue());
      separator = ", ";
    }
    output.append("}");
  }

  /// As few digits as tell the number from others; an exponent if it is large or small.
  static String real(double real) {
    if (Double.isNaN(real)) {
      return "nan";
    }
    if (Double.isInfinite(real)) {
      return real > 0 ? "inf" : "-inf";
    }
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
    content
        .codePoints()
        .forEach(
            c ->
                output.append(
                    switch (c) {
                      case '\n' -> "\\n";
                      case '\r' -> "\\r";
                      case '\t' -> "\\t";
                      case '\\' -> "\\\\";
                      case '\'' -> quote.equals("'") ? "\\'" : "'";
                      default -> isPrintable(c) ? Character.toString(c) : escape(c);
                    }));
    output.append(quote);
  }

  private static boolean isPrintable(int c) {
    return c == ' '
        || switch (Character.getType(c)) {
          case Character.CONTROL,
              Character.FORMAT,
              Character.SURROGATE,
              Character.PRIVATE_USE,
              Character.UNASSIGNED,
              Character.LINE_SEPARATOR,
              Character.PARAGRAPH_SEPARATOR,
              Character.SPACE_SEPARATOR ->
              false;
          default -> true;
        };
  }

  private static String escape(int c) {
    return c < 0x100
        ? "\\x%02x".formatted(c)
        : c < 0x10000 ? "\\u%04x".formatted(c) : "\\U%08x".formatted(c);
  }
}
