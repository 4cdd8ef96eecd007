package io.moesaic.router.jinja;

import static java.util.Map.entry;

import io.moesaic.router.jinja.Value.Items;
import io.moesaic.router.jinja.Value.None;
import io.moesaic.router.jinja.Value.Once;
import io.moesaic.router.jinja.Value.Text;
import io.moesaic.router.jinja.Value.Undefined;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.function.Predicate;
import java.util.function.UnaryOperator;

/// Filters that go through lists and dicts. What they know as `attribute` is a key, or several with
/// dots between them, such as `function.name`.
final class ListFilters {
  static final Map<String, Filters.Filter> BY_NAME =
      Map.ofEntries(
          entry("list", ListFilters::list),
          entry("first", ListFilters::first),
          entry("last", ListFilters::last),
          entry("reverse", ListFilters::reverse),
          entry("join", ListFilters::join),
          entry("sort", ListFilters::sort),
          entry("unique", ListFilters::unique),
          entry("map", ListFilters::map),
          entry("select", (input, given, work) -> choose("select", input, given, work)),
          entry("reject", (input, given, work) -> choose("reject", input, given, work)),
          entry("selectattr", (input, given, work) -> choose("selectattr", input, given, work)),
          entry("rejectattr", (input, given, work) -> choose("rejectattr", input, given, work)));

  private ListFilters() {}

  private static Value list(Value input, Arguments arguments, Work work) {
    arguments.bind("list");
    return Items.list(Members.toList(input, work));
  }

  private static Value first(Value input, Arguments arguments, Work work) {
    arguments.bind("first");
    var values = Members.iterate(input);
    return values.hasNext() ? values.next() : new Undefined("the first of nothing is not defined");
  }

  private static Value last(Value input, Arguments arguments, Work work) {
    arguments.bind("last");
    if (input instanceof Once) {
      throw new Failure("last needs a list; put '| list' before it");
    }
    var values = Members.toList(input, work);
    return values.isEmpty()
        ? new Undefined("the last of nothing is not defined")
        : values.getLast();
  }

  private static Value reverse(Value input, Arguments arguments, Work work) {
    arguments.bind("reverse");
    if (input instanceof Text) {
      return Members.slice(input, None.NONE, None.NONE, new Value.Int(-1), work);
    }
    var reversed = Members.toList(input, work).reversed();
    return input instanceof Once ? Items.list(reversed) : new Once(reversed);
  }

  private static Value join(Value input, Arguments arguments, Work work) {
    var given = arguments.bind("join", "d", "attribute");
    var delimiter = Printer.print(given.get("d", Text.EMPTY), work);
    var member = member(given.get("attribute", None.NONE), work);
    var output = work.new Output();
    var separator = "";
    for (var values = Members.iterate(input); values.hasNext(); ) {
      output.append(separator).append(Printer.print(member.apply(values.next()), work));
      separator = delimiter;
      work.spend(1);
    }
    return output.toText();
  }

  /// Those that are equal keep their order, also backwards.
  private static Value sort(Value input, Arguments arguments, Work work) {
    record Keyed(Value key, Value value) {}
    var given = arguments.bind("sort", "reverse", "case_sensitive", "attribute");
    var key = key(given, work);
    Comparator<Keyed> order = (a, b) -> Comparison.compare(a.key, b.key, work);
    return Items.list(
        Members.toList(input, work).stream()
            .map(value -> new Keyed(key.apply(value), value))
            .sorted(given.truth("reverse") ? order.reversed() : order)
            .map(Keyed::value)
            .toList());
  }

  private static Value unique(Value input, Arguments arguments, Work work) {
    var key = key(arguments.bind("unique", "case_sensitive", "attribute"), work);
    var seen = new ArrayList<Value>();
    var unique = new ArrayList<Value>();
    for (var value : Members.toList(input, work)) {
      var found = key.apply(value);
      if (!Comparison.contains(Items.list(seen), found, work)) {
        seen.add(found);
        unique.add(value);
      }
    }
    return new Once(unique);
  }

  /// What values are compared by.
  private static UnaryOperator<Value> key(Arguments.Bound given, Work work) {
    var member = member(given.get("attribute", None.NONE), work);
    return value -> {
      var key = member.apply(value);
      work.spendOn(key);
      return key instanceof Text(var text) && !given.truth("case_sensitive")
          ? new Text(TextMethods.lower(text))
          : key;
    };
  }

  /// @param attribute none for the value itself
  private static UnaryOperator<Value> member(Value attribute, Work work) {
    if (attribute == None.NONE) {
      return value -> value;
    }
    if (!(attribute instanceof Text(var path))) {
      return value -> Members.item(value, attribute, work);
    }
    var keys = path.split("\\.", -1);
    return value -> {
      var member = value;
      for (var key : keys) {
        var isPlace = key.length() < 9 && key.matches("[0-9]+");
        var name = isPlace ? new Value.Int(Integer.parseInt(key)) : new Text(key);
        member = Members.item(member, name, work);
      }
      return member;
    };
  }

  private static Value map(Value input, Arguments arguments, Work work) {
    if (arguments.positional().isEmpty() && arguments.named().containsKey("attribute")) {
      var given = arguments.bind("map", "attribute", "default");
      var member = member(given.get("attribute"), work);
      var fallback = given.has("default") ? given.get("default") : null;
      return mapped(
          input,
          value -> {
            var found = member.apply(value);
            return found instanceof Undefined && fallback != null ? fallback : found;
          },
          work);
    }
    var filter = name("map", arguments, 0);
    var rest = arguments.without(1);
    return mapped(input, value -> Filters.apply(filter, value, rest, work), work);
  }

  private static Once mapped(Value input, UnaryOperator<Value> change, Work work) {
    var mapped = new ArrayList<Value>();
    for (var value : orNone(input, work)) {
      work.spend(1);
      mapped.add(change.apply(value));
    }
    return new Once(mapped);
  }

  /// Also what cannot be gone through gives nothing if it is false.
  private static List<Value> orNone(Value input, Work work) {
    return input.truth() ? Members.toList(input, work) : List.of();
  }

  private static Value choose(String callee, Value input, Arguments arguments, Work work) {
    var places = callee.endsWith("attr") ? 1 : 0;
    if (arguments.positional().size() < places) {
      throw Failure.of("%s needs the name of an attribute", callee);
    }
    var member = member(places == 0 ? None.NONE : arguments.positional().getFirst(), work);
    var holds = test(callee, arguments, places, work);
    var chosen = new ArrayList<Value>();
    for (var value : orNone(input, work)) {
      work.spend(1);
      if (holds.test(member.apply(value)) == callee.startsWith("select")) {
        chosen.add(value);
      }
    }
    return new Once(chosen);
  }

  private static Predicate<Value> test(String callee, Arguments arguments, int place, Work work) {
    if (arguments.positional().size() == place) {
      return Value::truth;
    }
    var test = name(callee, arguments, place);
    var rest = arguments.without(place + 1);
    return value -> Tests.holds(test, value, rest, work);
  }

  private static String name(String callee, Arguments arguments, int place) {
    if (arguments.positional().size() <= place
        || !(arguments.positional().get(place) instanceof Text(var name))) {
      throw Failure.of("%s needs a name at place %d of its arguments", callee, place + 1);
    }
    return name;
  }
}
