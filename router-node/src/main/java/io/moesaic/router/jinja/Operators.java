package io.moesaic.router.jinja;

import io.moesaic.router.jinja.Expression.Arithmetic.Operator;
import io.moesaic.router.jinja.Numeric.Int;
import io.moesaic.router.jinja.Numeric.Real;
import io.moesaic.router.jinja.Numeric.Whole;
import io.moesaic.router.jinja.Value.Items;
import io.moesaic.router.jinja.Value.Text;
import io.moesaic.router.jinja.Value.Undefined;
import java.util.ArrayList;

/// Python's arithmetic, and what its operators do to texts and lists. Integers have 64 bits.
final class Operators {
  private Operators() {}

  static Value apply(Operator operator, Value left, Value right, Work work) {
    if (left instanceof Undefined undefined) {
      throw undefined.failure();
    }
    if (left instanceof Text format && operator == Operator.REMAINDER) {
      return PercentFormat.format(format.content(), right, work);
    }
    if (right instanceof Undefined undefined) {
      throw undefined.failure();
    }
    if (left instanceof Numeric a && right instanceof Numeric b) {
      return a instanceof Whole x && b instanceof Whole y
          ? whole(operator, x.integer(), y.integer())
          : new Real(real(operator, a.real(), b.real()));
    }
    if (operator == Operator.ADD) {
      if (left instanceof Text a && right instanceof Text b) {
        return new Output(work).append(a.content()).append(b.content()).toText();
      }
      if (left instanceof Items a && right instanceof Items b && a.type().equals(b.type())) {
        var sum = new ArrayList<>(a.values());
        sum.addAll(b.values());
        work.spendOnItems(sum.size());
        return Items.of(a.kind(), sum);
      }
    }
    if (operator == Operator.MULTIPLY) {
      if (right instanceof Whole times) {
        return repeat(left, times.integer(), right, work);
      }
      if (left instanceof Whole times) {
        return repeat(right, times.integer(), left, work);
      }
    }
    throw Failure.of(
        "values of types %s and %s cannot be combined by %s",
        left.type(), right.type(), symbol(operator));
  }

  private static Value repeat(Value value, long times, Value other, Work work) {
    if (value instanceof Text text) {
      var length = Work.checkLength(text.content().length(), times);
      work.spendOnText(length);
      return new Text(length == 0 ? "" : text.content().repeat((int) times));
    }
    if (value instanceof Items items) {
      var length = Work.checkLength(items.values().size(), times);
      Work.checkItems(length);
      work.spendOnItems(length);
      var repeated = new ArrayList<Value>(length);
      while (repeated.size() < length) {
        repeated.addAll(items.values());
      }
      return Items.of(items.kind(), repeated);
    }
    throw Failure.of("values of types %s and %s cannot be multiplied", value.type(), other.type());
  }

  private static Value whole(Operator operator, long a, long b) {
    try {
      return switch (operator) {
        case ADD -> new Int(Math.addExact(a, b));
        case SUBTRACT -> new Int(Math.subtractExact(a, b));
        case MULTIPLY -> new Int(Math.multiplyExact(a, b));
        case DIVIDE -> new Real(real(operator, (double) a, (double) b));
        case FLOOR_DIVIDE -> new Int(Math.floorDivExact(a, notZero(b)));
        case REMAINDER -> new Int(Math.floorMod(a, notZero(b)));
        case POWER ->
            b < 0 ? new Real(real(operator, (double) a, (double) b)) : new Int(power(a, b));
      };
    } catch (ArithmeticException _) {
      throw Failure.of("%d %s %d does not fit into 64 bits", a, symbol(operator), b);
    }
  }

  private static long power(long base, long exponent) {
    // where the exponent is large, all but these overflow; of these only its parity counts
    var times = Math.abs(base) <= 1 && exponent > 2 ? 2 + exponent % 2 : exponent;
    var product = 1L;
    for (var i = 0L; i < times; i++) {
      product = Math.multiplyExact(product, base);
    }
    return product;
  }

  private static double real(Operator operator, double a, double b) {
    return switch (operator) {
      case ADD -> a + b;
      case SUBTRACT -> a - b;
      case MULTIPLY -> a * b;
      case DIVIDE -> a / notZero(b);
      case FLOOR_DIVIDE -> floorDivide(a, notZero(b));
      case REMAINDER -> remainder(a, notZero(b));
      case POWER -> power(a, b);
    };
  }

  private static double power(double base, double exponent) {
    if (base == 0 && exponent < 0) {
      notZero(0);
    }
    var power = Math.pow(base, exponent);
    if (Double.isNaN(power) && !Double.isNaN(base) && !Double.isNaN(exponent)) {
      throw Failure.of("%s ** %s is no real number", base, exponent);
    }
    if (Double.isInfinite(power) && !Double.isInfinite(base) && !Double.isInfinite(exponent)) {
      throw Failure.of("%s ** %s is too large", base, exponent);
    }
    return power;
  }

  /// Of the sign of the divisor.
  private static double remainder(double a, double b) {
    var remainder = a % b;
    if (remainder == 0) {
      return Math.copySign(0, b);
    }
    return (remainder < 0) == (b < 0) ? remainder : remainder + b;
  }

  private static double floorDivide(double a, double b) {
    var remainder = a % b;
    var quotient = (a - remainder) / b;
    if (remainder != 0 && (remainder < 0) != (b < 0)) {
      quotient -= 1;
    }
    if (quotient == 0) {
      return Math.copySign(0, a / b);
    }
    var floor = Math.floor(quotient);
    return quotient - floor > 0.5 ? floor + 1 : floor;
  }

  private static long notZero(long divisor) {
    if (divisor == 0) {
      throw new Failure("division by zero");
    }
    return divisor;
  }

  private static double notZero(double divisor) {
    if (divisor == 0) {
      throw new Failure("division by zero");
    }
    return divisor;
  }

  static Value negate(Value value) {
    return switch (value) {
      case Whole whole -> whole(Operator.SUBTRACT, 0, whole.integer());
      case Real real -> new Real(-real.real());
      case Undefined undefined -> throw undefined.failure();
      case Value other -> throw Failure.of("a value of type %s has no sign", other.type());
    };
  }

  static Value affirm(Value value) {
    return switch (value) {
      case Whole whole -> new Int(whole.integer());
      case Real real -> real;
      case Undefined undefined -> throw undefined.failure();
      case Value other -> throw Failure.of("a value of type %s has no sign", other.type());
    };
  }

  private static String symbol(Operator operator) {
    return switch (operator) {
      case ADD -> "+";
      case SUBTRACT -> "-";
      case MULTIPLY -> "*";
      case DIVIDE -> "/";
      case FLOOR_DIVIDE -> "//";
      case REMAINDER -> "%";
      case POWER -> "**";
    };
  }
}
