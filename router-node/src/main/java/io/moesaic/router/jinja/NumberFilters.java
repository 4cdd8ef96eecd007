package io.moesaic.router.jinja;

import io.moesaic.router.jinja.Filters.Filter;
import io.moesaic.router.jinja.Numeric.Int;
import io.moesaic.router.jinja.Numeric.Real;
import io.moesaic.router.jinja.Numeric.Whole;
import io.moesaic.router.jinja.Value.Text;
import io.moesaic.router.jinja.Value.Undefined;
import java.math.BigDecimal;
import java.math.BigInteger;
import java.math.RoundingMode;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Filters that make numbers.
final class NumberFilters {
  static final Map<String, Filter> BY_NAME =
      Map.of(
          "abs", NumberFilters::abs,
          "int", NumberFilters::toInt,
          "float", NumberFilters::toFloat,
          "round", NumberFilters::round);

  // no numeral that is longer is an integer of 64 bits or needed for a float
  private static final int MAX_NUMERAL = 400;

  private static final String DIGITS = "\\d+(_\\d+)*+";
  private static final Pattern FLOAT =
      Pattern.compile(
          "[+-]?((%1$s\\.?(%1$s)?|\\.%1$s)(e[+-]?%1$s)?|inf(inity)?|nan)".formatted(DIGITS));
  private static final Pattern INTEGER = Pattern.compile("[+-]?[0-9a-z]+(_[0-9a-z]+)*+");

  private NumberFilters() {}

  private static Value abs(Value input, Arguments arguments, Work work) {
    arguments.bind("abs");
    return switch (input) {
      case Whole whole -> whole.integer() < 0 ? Operators.negate(whole) : Operators.affirm(whole);
      case Real real -> new Real(Math.abs(real.real()));
      case Undefined undefined -> throw undefined.failure();
      case Value other ->
          throw Failure.of("abs needs a number, not a value of type %s", other.type());
    };
  }

  private static Value toInt(Value input, Arguments arguments, Work work) {
    var given = arguments.bind("int", "default", "base");
    var number =
        switch (input) {
          case Whole whole -> whole;
          case Real real -> truncated(real.real());
          case Text text -> parsed(text, given.integer("base", 10));
          case Undefined undefined -> throw undefined.failure();
          case Value _ -> null;
        };
    return number == null ? given.get("default", new Int(0)) : Operators.affirm(number);
  }

  private static @Nullable Int parsed(Text text, long base) {
    var numeral = numeral(text);
    if (INTEGER.matcher(numeral).matches() && base >= 2 && base <= 36) {
      var sign = numeral.startsWith("-") ? "-" : "";
      var digits = numeral.replaceFirst("^[+-]", "").replace("_", "");
      var prefix = Map.of(2L, "0b", 8L, "0o", 16L, "0x").get(base);
      if (prefix != null && digits.startsWith(prefix)) {
        digits = digits.substring(2);
      }
      try {
        return whole(new BigInteger(sign + digits, (int) base));
      } catch (NumberFormatException _) {
        // may still be a float
      }
    }
    var real = real(text);
    return real == null || Double.isInfinite(real) ? null : truncated(real);
  }

  private static @Nullable Int truncated(double real) {
    if (Double.isInfinite(real)) {
      throw new Failure("infinity is no integer");
    }
    return Double.isNaN(real) ? null : whole(new BigDecimal(real).toBigInteger());
  }

  private static Int whole(BigInteger integer) {
    if (integer.bitLength() > 63) {
      throw Failure.of("the integer %s does not fit into 64 bits", integer);
    }
    return new Int(integer.longValue());
  }

  private static Value toFloat(Value input, Arguments arguments, Work work) {
    var given = arguments.bind("float", "default");
    var number =
        switch (input) {
          case Numeric numeric -> Double.valueOf(numeric.real());
          case Text text -> real(text);
          case Undefined undefined -> throw undefined.failure();
          case Value _ -> null;
        };
    return number == null ? given.get("default", new Real(0)) : new Real(number);
  }

  private static @Nullable Double real(Text text) {
    var numeral = numeral(text);
    if (!FLOAT.matcher(numeral).matches()) {
      return null;
    }
    if (numeral.contains("n")) {
      var infinity = numeral.startsWith("-") ? Double.NEGATIVE_INFINITY : Double.POSITIVE_INFINITY;
      return numeral.contains("inf") ? infinity : Double.NaN;
    }
    return Double.parseDouble(numeral.replace("_", ""));
  }

  private static String numeral(Text text) {
    var from = Characters.skipSpace(text.content(), 0);
    var numeral = Characters.stripEnd(text.content().substring(from));
    return numeral.length() > MAX_NUMERAL ? "" : numeral.toLowerCase(Locale.ROOT);
  }

  private static Value round(Value input, Arguments arguments, Work work) {
    var given = arguments.bind("round", "precision", "method");
    var precision = given.integer("precision", 0);
    var method = given.text("method", "common");
    if (!(input instanceof Numeric number)) {
      throw Failure.of("round needs a number, not a value of type %s", input.type());
    }
    if (Math.abs(precision) > MAX_NUMERAL) {
      throw Failure.of("round cannot give %d decimals", precision);
    }
    var scale = Math.pow(10, (double) precision);
    return switch (method) {
      case "common" -> common(number, (int) precision);
      case "ceil" -> new Real(Math.ceil(number.real() * scale) / scale);
      case "floor" -> new Real(Math.floor(number.real() * scale) / scale);
      default -> throw Failure.of("round knows common, ceil and floor, not '%s'", method);
    };
  }

  /// To the nearest, and from the middle to the even one. Integers stay integers.
  private static Value common(Numeric number, int precision) {
    if (number instanceof Whole whole) {
      var exact = BigDecimal.valueOf(whole.integer());
      return precision >= 0
          ? Operators.affirm(whole)
          : whole(exact.setScale(precision, RoundingMode.HALF_EVEN).toBigInteger());
    }
    var real = number.real();
    if (Double.isNaN(real) || Double.isInfinite(real)) {
      return new Real(real);
    }
    var rounded = new BigDecimal(real).setScale(precision, RoundingMode.HALF_EVEN).doubleValue();
    return new Real(Math.copySign(rounded, real));
  }
}
