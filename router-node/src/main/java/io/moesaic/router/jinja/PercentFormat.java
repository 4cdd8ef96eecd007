package io.moesaic.router.jinja;

import io.moesaic.router.jinja.Numeric.Whole;
import io.moesaic.router.jinja.Value.Dict;
import io.moesaic.router.jinja.Value.Items;
import io.moesaic.router.jinja.Value.Range;
import io.moesaic.router.jinja.Value.Text;
import io.moesaic.router.jinja.Value.Undefined;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.util.Iterator;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;

/// Python's `'%s and %.2f' % (a, b)`, with the codes `s`, `r`, `d`, `i`, `f` and `x`.
final class PercentFormat {
  private static final Pattern CODE =
      Pattern.compile(
          "%(\\((?<key>[^)]*+)\\))?+(?<flags>[-0+"
              + " ]*+)(?<width>\\d*+)(\\.(?<digits>\\d*+))?+(?<code>.)?+",
          Pattern.DOTALL);

  private static final int MAX_WIDTH = 1000;

  private final Value arguments;
  private final Iterator<Value> next;
  private final Work work;

  private PercentFormat(Value arguments, Work work) {
    this.arguments = arguments;
    this.work = work;
    next =
        arguments instanceof Items items && items.kind() != Items.Kind.LIST
            ? items.values().iterator()
            : List.of(arguments).iterator();
  }

  static Text format(String format, Value arguments, Work work) {
    var formatter = new PercentFormat(arguments, work);
    var output = new Output(work);
    var codes = CODE.matcher(format);
    var written = 0;
    while (codes.find()) {
      output.append(format, written, codes.start()).append(formatter.replacement(codes));
      written = codes.end();
    }
    if (formatter.next.hasNext() && !mayBeLeft(arguments)) {
      throw Failure.of("the format '%s' has fewer codes than there are values", format);
    }
    return output.append(format, written, format.length()).toText();
  }

  /// A dict has more than a format needs. Python is as generous to everything with brackets.
  private static boolean mayBeLeft(Value arguments) {
    return arguments instanceof Dict
        || arguments instanceof Undefined
        || arguments instanceof Range
        || (arguments instanceof Items items && items.kind() == Items.Kind.LIST);
  }

  private String replacement(MatchResult code) {
    var letter = code.group("code") == null ? "" : code.group("code");
    if (letter.equals("%")) {
      return "%";
    }
    var flags = code.group("flags");
    var value = value(code);
    var digits = code.group("digits") == null ? -1 : number(code.group("digits"));
    var text =
        switch (letter) {
          case "s" -> cut(Printer.print(value, work), digits);
          case "r" -> cut(Printer.represent(value, work), digits);
          case "d", "i" -> signed(Long.toString(integer(value)), flags);
          case "x" -> signed(Long.toString(integer(value), 16), flags);
          case "f" -> signed(fixed(value, digits < 0 ? 6 : digits), flags);
          default -> throw Failure.of("the format code '%%%s' is not supported", letter);
        };
    return padded(text, flags, number(code.group("width")), !"sr".contains(letter));
  }

  private Value value(MatchResult code) {
    if (code.group("key") != null) {
      if (!(arguments instanceof Dict dict)) {
        throw new Failure("a format with names needs a dict");
      }
      var value = dict.find(code.group("key"));
      if (value == null) {
        throw Failure.of("a format needs '%s', which the dict lacks", code.group("key"));
      }
      return value;
    }
    if (!next.hasNext()) {
      throw new Failure("a format has more codes than there are values");
    }
    return next.next();
  }

  private static int number(String digits) {
    if (digits.isEmpty()) {
      return 0;
    }
    if (digits.length() > 4 || Integer.parseInt(digits) > MAX_WIDTH) {
      throw Failure.of("a format asks for %s places, of which %d are the most", digits, MAX_WIDTH);
    }
    return Integer.parseInt(digits);
  }

  private static String cut(String text, int length) {
    return length < 0 || text.codePointCount(0, text.length()) <= length
        ? text
        : text.substring(0, text.offsetByCodePoints(0, length));
  }

  private static long integer(Value value) {
    return switch (value) {
      case Whole whole -> whole.integer();
      case Numeric number when Math.abs(number.real()) < Long.MAX_VALUE -> (long) number.real();
      case Value other ->
          throw Failure.of("a format needs a number, not a value of type %s", other.type());
    };
  }

  private static String fixed(Value value, int digits) {
    if (!(value instanceof Numeric number)) {
      throw Failure.of("a format needs a number, not a value of type %s", value.type());
    }
    if (Double.isNaN(number.real()) || Double.isInfinite(number.real())) {
      return Printer.real(number.real());
    }
    var text =
        new BigDecimal(Math.abs(number.real()))
            .setScale(digits, RoundingMode.HALF_EVEN)
            .toPlainString();
    return Math.copySign(1, number.real()) < 0 ? "-" + text : text;
  }

  private static String signed(String number, String flags) {
    if (number.startsWith("-")) {
      return number;
    }
    return (flags.contains("+") ? "+" : flags.contains(" ") ? " " : "") + number;
  }

  private static String padded(String text, String flags, int width, boolean isNumber) {
    var missing = Math.max(0, width - text.codePointCount(0, text.length()));
    if (flags.contains("-")) {
      return text + " ".repeat(missing);
    }
    if (isNumber && flags.contains("0")) {
      var sign = text.isEmpty() || Character.isDigit(text.charAt(0)) ? 0 : 1;
      return text.substring(0, sign) + "0".repeat(missing) + text.substring(sign);
    }
    return " ".repeat(missing) + text;
  }
}
