package io.moesaic.router.jinja;

import io.moesaic.router.jinja.Expression.Arithmetic.Operator;
import io.moesaic.router.jinja.Value.Int;
import io.moesaic.router.jinja.Value.Items;
import io.moesaic.router.jinja.Value.Text;
import io.moesaic.router.jinja.Value.Whole;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;

/// Python's arithmetic, and what its operators do to texts and lists. Integers have 64 bits.
final class Operators {
  private Operators() {}

  static Value apply(Operator operator, Value left, Value right, Work work) {
    if (operator == Operator.JOIN) {
      var output = work.new Output();
      return output.append(Printer.print(left, work)).append(Printer.print(right, work)).toText();
    }
    if (left instanceof Value.Undefined undefined) {
      throw undefined.failure();
    }
    if (right instanceof Value.Undefined undefined) {
      throw undefined.failure();
    }
    if (left instanceof Whole a && right instanceof Whole b) {
      return whole(operator, a.integer(), b.integer());
    }
    if (left instanceof Value.Numeric a && right instanceof Value.Numeric b) {
      return new Value.Real(real(operator, a.real(), b.real()));
    }
    if (operator == Operator.ADD && left instanceof Text(var a) && right instanceof Text(var b)) {
      return work.new Output().append(a).append(b).toText();
    }
    if (operator == Operator.ADD
        && left instanceof Items(var kind, var a)
        && right instanceof Items(var other, var b)
        && kind == other
        && kind.isListOrTuple()) {
      var sum = new ArrayList<>(a);
      sum.addAll(b);
      return paid(new Items(kind, sum), work);
    }
    if (operator == Operator.MULTIPLY && right instanceof Whole times) {
      return repeat(left, times, work);
    }
    if (operator == Operator.MULTIPLY && left instanceof Whole times) {
      return repeat(right, times, work);
    }
    throw misfit(operator, left, right);
  }

  private static Value repeat(Value value, Whole count, Work work) {
    var times = count.integer();
    if (value instanceof Text(var text)) {
      var length = Work.checkLength(text.length(), times);
      return paid(new Text(length == 0 ? "" : text.repeat((int) times)), work);
    }
    if (value instanceof Items(var kind, var values) && kind.isListOrTuple()) {
      var length = Work.checkLength(values.size(), times);
      Work.checkItems(length);
      List<Value> repeated = new ArrayList<>(length);
      Collections.nCopies(length == 0 ? 0 : (int) times, values).forEach(repeated::addAll);
      return paid(new Items(kind, repeated), work);
    }
    throw misfit(Operator.MULTIPLY, value, count);
  }

  private static Value paid(Value made, Work work) {
    work.spendOn(made);
    return made;
  }

  private static Failure misfit(Operator operator, Value left, Value right) {
    return Failure.of(
        "values of types %s and %s cannot be combined by %s",
        left.type(), right.type(), operator.symbol());
  }

  private static Value whole(Operator operator, long a, long b) {
    try {
      return switch (operator) {
        case ADD -> new Int(Math.addExact(a, b));
        case SUBTRACT -> new Int(Math.subtractExact(a, b));
        case MULTIPLY -> new Int(Math.multiplyExact(a, b));
        case DIVIDE -> new Value.Real(real(operator, (double) a, (double) b));
        case FLOOR_DIVIDE -> new Int(Math.floorDivExact(a, notZero(b)));
        case REMAINDER -> new Int(Math.floorMod(a, notZero(b)));
        case JOIN -> throw new AssertionError(operator);
      };
    } catch (ArithmeticException _) {
      throw Failure.of("%d %s %d does not fit into 64 bits", a, operator.symbol(), b);
    }
  }

  private static double real(Operator operator, double a, double b) {
    return switch (operator) {
      case ADD -> a + b;
      case SUBTRACT -> a - b;
      case MULTIPLY -> a * b;
      case DIVIDE -> a / notZero(b);
      case FLOOR_DIVIDE -> Math.rint((a - remainder(a, b)) / b);
      case REMAINDER -> remainder(a, b);
      case JOIN -> throw new AssertionError(operator);
    };
  }

  /// Of the sign of the divisor.
  private static double remainder(double a, double b) {
    var remainder = a % notZero(b);
    return remainder == 0 || (remainder < 0) == (b < 0) ? remainder : remainder + b;
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
}
