package io.moesaic.router.jinja;

import static java.util.Map.entry;

import io.moesaic.router.jinja.Expression.Arithmetic.Operator;
import io.moesaic.router.jinja.Expression.Compared.Relation;
import io.moesaic.router.jinja.Numeric.Bool;
import io.moesaic.router.jinja.Numeric.Int;
import io.moesaic.router.jinja.Numeric.Real;
import io.moesaic.router.jinja.Value.Dict;
import io.moesaic.router.jinja.Value.Function;
import io.moesaic.router.jinja.Value.None;
import io.moesaic.router.jinja.Value.Sequence;
import io.moesaic.router.jinja.Value.Text;
import io.moesaic.router.jinja.Value.Undefined;
import java.util.Map;
import java.util.function.Predicate;

/// What can stand after `is`, by its name.
final class Tests {
  /// One test.
  @FunctionalInterface
  private interface Test {
    boolean holds(Value input, Arguments arguments, Work work);
  }

  private static final Map<String, Test> BY_NAME =
      Map.ofEntries(
          entry("defined", simple(value -> !(value instanceof Undefined))),
          entry("undefined", simple(value -> value instanceof Undefined)),
          entry("none", simple(value -> value == None.NONE)),
          entry("boolean", simple(value -> value instanceof Bool)),
          entry("true", simple(value -> value instanceof Bool bool && bool.truth())),
          entry("false", simple(value -> value instanceof Bool bool && !bool.truth())),
          entry("integer", simple(value -> value instanceof Int)),
          entry("float", simple(value -> value instanceof Real)),
          entry("number", simple(value -> value instanceof Numeric)),
          entry("string", simple(value -> value instanceof Text)),
          entry("mapping", simple(value -> value instanceof Dict)),
          entry("sequence", simple(Tests::isSequence)),
          entry("iterable", simple(Iteration::isPossible)),
          // what is not defined complains when it is called
          entry("callable", simple(v -> v instanceof Function || v instanceof Undefined)),
          entry("filter", simple(v -> v instanceof Text(var name) && Filters.exists(name))),
          entry("test", simple(v -> v instanceof Text(var name) && exists(name))),
          entry("lower", (input, arguments, work) -> isCased(input, false, arguments, work)),
          entry("upper", (input, arguments, work) -> isCased(input, true, arguments, work)),
          entry(
              "odd",
              (input, arguments, work) -> remainder(input, 2, arguments, work).equals(new Int(1))),
          entry(
              "even",
              (input, arguments, work) -> remainder(input, 2, arguments, work).equals(new Int(0))),
          entry("divisibleby", Tests::isDivisible),
          entry("sameas", Tests::isSame),
          entry("in", relation(Relation.IN)),
          entry("eq", relation(Relation.EQUAL)),
          entry("==", relation(Relation.EQUAL)),
          entry("equalto", relation(Relation.EQUAL)),
          entry("ne", relation(Relation.UNEQUAL)),
          entry("!=", relation(Relation.UNEQUAL)),
          entry("lt", relation(Relation.LESS)),
          entry("<", relation(Relation.LESS)),
          entry("lessthan", relation(Relation.LESS)),
          entry("le", relation(Relation.AT_MOST)),
          entry("<=", relation(Relation.AT_MOST)),
          entry("gt", relation(Relation.GREATER)),
          entry(">", relation(Relation.GREATER)),
          entry("greaterthan", relation(Relation.GREATER)),
          entry("ge", relation(Relation.AT_LEAST)),
          entry(">=", relation(Relation.AT_LEAST)));

  private Tests() {}

  private static boolean exists(String name) {
    return BY_NAME.containsKey(name);
  }

  static boolean holds(String name, Value input, Arguments arguments, Work work) {
    var test = BY_NAME.get(name);
    if (test == null) {
      throw Failure.of("there is no test '%s'", name);
    }
    return test.holds(input, arguments, work);
  }

  private static Test simple(Predicate<Value> predicate) {
    return (input, arguments, _) -> {
      arguments.bind("this test");
      return predicate.test(input);
    };
  }

  private static Test relation(Relation relation) {
    return (input, arguments, work) ->
        Comparison.holds(relation, input, arguments.bind("this test", "other").get("other"), work);
  }

  private static boolean isSequence(Value value) {
    return value instanceof Sequence
        || value instanceof Text
        || value instanceof Dict
        || value instanceof Undefined;
  }

  /// Whether there are letters, and all that have a case are of this one.
  private static boolean isCased(Value input, boolean upper, Arguments arguments, Work work) {
    arguments.bind("this test");
    var text = Printer.print(input, work);
    work.spendOnText(text.length());
    return text.codePoints()
            .noneMatch(
                c ->
                    Character.isTitleCase(c)
                        || (upper ? Character.isLowerCase(c) : Character.isUpperCase(c)))
        && text.codePoints()
            .anyMatch(c -> upper ? Character.isUpperCase(c) : Character.isLowerCase(c));
  }

  private static Value remainder(Value input, long divisor, Arguments arguments, Work work) {
    arguments.bind("this test");
    return Operators.apply(Operator.REMAINDER, input, new Int(divisor), work);
  }

  private static boolean isDivisible(Value input, Arguments arguments, Work work) {
    var divisor = arguments.bind("divisibleby", "num").get("num");
    return Operators.apply(Operator.REMAINDER, input, divisor, work).equals(new Int(0));
  }

  /// The same object; of truth values and none there is one each.
  @SuppressWarnings("ReferenceEquality")
  private static boolean isSame(Value input, Arguments arguments, Work work) {
    var other = arguments.bind("sameas", "other").get("other");
    return input == other
        || (input instanceof Bool && other instanceof Bool && input.equals(other));
  }
}
