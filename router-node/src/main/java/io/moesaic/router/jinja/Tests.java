package io.moesaic.router.jinja;

import static java.util.Map.entry;

import io.moesaic.router.jinja.Expression.Compared.Relation;
import io.moesaic.router.jinja.Value.Bool;
import io.moesaic.router.jinja.Value.Dict;
import io.moesaic.router.jinja.Value.Int;
import io.moesaic.router.jinja.Value.Items;
import io.moesaic.router.jinja.Value.None;
import io.moesaic.router.jinja.Value.Numeric;
import io.moesaic.router.jinja.Value.Opaque;
import io.moesaic.router.jinja.Value.Real;
import io.moesaic.router.jinja.Value.Text;
import io.moesaic.router.jinja.Value.Undefined;
import java.util.Map;
import java.util.function.Predicate;

/// What can stand after `is`, by its name.
final class Tests {
  private static final Map<String, Predicate<Value>> KINDS =
      Map.ofEntries(
          entry("defined", value -> !(value instanceof Undefined)),
          entry("undefined", value -> value instanceof Undefined),
          entry("none", value -> value == None.NONE),
          entry("boolean", value -> value instanceof Bool),
          entry("true", value -> value instanceof Bool && value.truth()),
          entry("false", value -> value instanceof Bool && !value.truth()),
          entry("integer", value -> value instanceof Int),
          entry("float", value -> value instanceof Real),
          entry("number", value -> value instanceof Numeric),
          entry("string", value -> value instanceof Text),
          entry("mapping", value -> value instanceof Dict),
          entry("sequence", Tests::isSequence),
          entry(
              "iterable",
              v -> !(v instanceof None || v instanceof Numeric || v instanceof Opaque)));

  private static final Map<String, Relation> RELATIONS =
      Map.of(
          "in", Relation.IN,
          "eq", Relation.EQUAL,
          "==", Relation.EQUAL,
          "equalto", Relation.EQUAL,
          "ne", Relation.UNEQUAL,
          "!=", Relation.UNEQUAL);

  private Tests() {}

  static boolean holds(String name, Value input, Arguments arguments, Work work) {
    var kind = KINDS.get(name);
    if (kind != null) {
      arguments.bind("the test '" + name + "'");
      return kind.test(input);
    }
    var relation = RELATIONS.get(name);
    if (relation == null) {
      throw Failure.of("there is no test '%s'", name);
    }
    var other = arguments.bind("the test '" + name + "'", "other").get("other");
    return Comparison.holds(relation, input, other, work);
  }

  private static boolean isSequence(Value value) {
    return value instanceof Text
        || value instanceof Dict
        || value instanceof Undefined
        || (value instanceof Items items && items.hasPlaces());
  }
}
