package io.moesaic.router.jinja;

import static java.util.Map.entry;

import io.moesaic.router.jinja.Expression.Compared.Relation;
import io.moesaic.router.jinja.Value.Bool;
import io.moesaic.router.jinja.Value.Undefined;
import java.util.Map;
import java.util.function.Predicate;

/// What can stand after `is`, by its name.
final class Tests {
  private static final Map<String, Predicate<Value>> KINDS =
      Map.ofEntries(
          entry("defined", value -> !(value instanceof Undefined)),
          entry("undefined", value -> value instanceof Undefined),
          entry("none", value -> value == Value.None.NONE),
          entry("boolean", value -> value instanceof Bool),
          entry("true", value -> value instanceof Bool && value.truth()),
          entry("false", value -> value instanceof Bool && !value.truth()),
          entry("integer", value -> value instanceof Value.Int),
          entry("float", value -> value instanceof Value.Real),
          entry("number", value -> value instanceof Value.Numeric),
          entry("string", value -> value instanceof Value.Text),
          entry("mapping", value -> value instanceof Value.Dict),
          entry("sequence", Tests::isSequence),
          entry(
              "iterable",
              v ->
                  !(v instanceof Value.None
                      || v instanceof Value.Numeric
                      || v instanceof Value.Opaque)));

  private static final Map<String, String> WORDS = Map.of("eq", "==", "equalto", "==", "ne", "!=");

  private Tests() {}

  static boolean holds(String name, Value input, Arguments arguments, Work work) {
    var kind = KINDS.get(name);
    if (kind != null) {
      arguments.bind("the test '" + name + "'");
      return kind.test(input);
    }
    var relation = Relation.of(WORDS.getOrDefault(name, name));
    if (relation == null) {
      throw Failure.of("there is no test '%s'", name);
    }
    var other = arguments.bind("the test '" + name + "'", "other").get("other");
    return Comparison.holds(relation, input, other, work);
  }

  private static boolean isSequence(Value value) {
    return value instanceof Value.Text
        || value instanceof Value.Dict
        || value instanceof Undefined
        || (value instanceof Value.Items items && items.hasPlaces());
  }
}
