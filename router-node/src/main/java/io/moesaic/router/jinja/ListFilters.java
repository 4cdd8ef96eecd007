package io.moesaic.router.jinja;

import static java.util.Map.entry;

import io.moesaic.router.jinja.Expression.Arithmetic.Operator;
import io.moesaic.router.jinja.Filters.Filter;
import io.moesaic.router.jinja.Numeric.Int;
import io.moesaic.router.jinja.Value.Dict;
import io.moesaic.router.jinja.Value.Items;
import io.moesaic.router.jinja.Value.None;
import io.moesaic.router.jinja.Value.Once;
import io.moesaic.router.jinja.Value.Text;
import io.moesaic.router.jinja.Value.Undefined;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/// Filters that go through lists and dicts, and do not choose by a test.
final class ListFilters {
  static final Map<String, Filter> BY_NAME =
      Map.ofEntries(
          entry("list", ListFilters::list),
          entry("first", ListFilters::first),
          entry("last", ListFilters::last),
          entry("reverse", ListFilters::reverse),
          entry("join", ListFilters::join),
          entry("sum", ListFilters::sum),
          entry("sort", ListFilters::sort),
          entry("dictsort", ListFilters::sortDict),
          entry("groupby", ListFilters::group),
          entry("unique", ListFilters::unique),
          entry("min", (input, arguments, work) -> extreme(input, "min", arguments, work)),
          entry("max", (input, arguments, work) -> extreme(input, "max", arguments, work)));

  private ListFilters() {}

  private static Value list(Value input, Arguments arguments, Work work) {
    arguments.bind("list");
    return Items.list(Iteration.toList(input, work));
  }

  private static Value first(Value input, Arguments arguments, Work work) {
    arguments.bind("first");
    var values = Iteration.over(input);
    return values.hasNext()
        ? values.next()
        : Undefined.because("the first of nothing is not defined");
  }

  private static Value last(Value input, Arguments arguments, Work work) {
    arguments.bind("last");
    if (input instanceof Once) {
      throw new Failure("last needs a list; put '| list' before it");
    }
    var values = Iteration.toList(input, work);
    return values.isEmpty()
        ? Undefined.because("the last of nothing is not defined")
        : values.getLast();
  }

  private static Value reverse(Value input, Arguments arguments, Work work) {
    arguments.bind("reverse");
    if (input instanceof Text text) {
      return Members.slice(text, None.NONE, None.NONE, new Int(-1), work);
    }
    var reversed = Iteration.toList(input, work).reversed();
    return input instanceof Once ? Items.list(reversed) : new Once(reversed.iterator());
  }

  private static Value join(Value input, Arguments arguments, Work work) {
    var given = arguments.bind("join", "d", "attribute");
    var delimiter = Printer.print(given.get("d", Text.EMPTY), work);
    var path = Path.of(given.get("attribute", None.NONE));
    var output = new Output(work);
    var separator = "";
    for (var values = Iteration.over(input); values.hasNext(); ) {
      output.append(separator).append(Printer.print(path.follow(values.next()), work));
      separator = delimiter;
      work.spend(1);
    }
    return output.toText();
  }

  private static Value sum(Value input, Arguments arguments, Work work) {
    var given = arguments.bind("sum", "attribute", "start");
    var path = Path.of(given.get("attribute", None.NONE));
    var sum = given.get("start", new Int(0));
    if (sum instanceof Text) {
      throw new Failure("sum adds no texts; use join");
    }
    for (var values = Iteration.over(input); values.hasNext(); ) {
      sum = Operators.apply(Operator.ADD, sum, path.follow(values.next()), work);
      work.spend(1);
    }
    return sum;
  }

  private static Value sort(Value input, Arguments arguments, Work work) {
    var given = arguments.bind("sort", "reverse", "case_sensitive", "attribute");
    var paths = Path.several(given.get("attribute", None.NONE));
    var fold = given.truth("case_sensitive");
    return sorted(
        Iteration.toList(input, work),
        value -> Items.list(paths.stream().map(path -> folded(path.follow(value), fold)).toList()),
        given.integer("reverse", 0) != 0,
        work);
  }

  private static Value sortDict(Value input, Arguments arguments, Work work) {
    var given = arguments.bind("dictsort", "case_sensitive", "by", "reverse");
    var place = List.of("key", "value").indexOf(given.text("by", "key"));
    if (!(input instanceof Dict dict) || place < 0) {
      throw new Failure("dictsort sorts a dict by 'key' or 'value'");
    }
    return sorted(
        DictMethods.pairs(dict),
        pair -> folded(((Items) pair).values().get(place), given.truth("case_sensitive")),
        given.integer("reverse", 0) != 0,
        work);
  }

  /// Those that are equal keep their order, also backwards.
  private static Items sorted(
      List<Value> values, Function<Value, Value> key, boolean backwards, Work work) {
    record Keyed(Value key, Value value) {}
    Comparator<Keyed> order = (a, b) -> Comparison.compare(a.key, b.key, work);
    return Items.list(
        values.stream()
            .map(value -> new Keyed(key.apply(value), value))
            .sorted(backwards ? order.reversed() : order)
            .map(Keyed::value)
            .toList());
  }

  private static Value folded(Value value, boolean caseSensitive) {
    return !caseSensitive && value instanceof Text(var text)
        ? new Text(TextMethods.lower(text))
        : value;
  }

  private static Value group(Value input, Arguments arguments, Work work) {
    var given = arguments.bind("groupby", "attribute", "default", "case_sensitive");
    var path = Path.of(given.get("attribute")).orElse(given.get("default", None.NONE));
    Function<Value, Value> key = value -> folded(path.follow(value), given.truth("case_sensitive"));
    var groups = new ArrayList<Value>();
    var members = new ArrayList<Value>();
    for (var value : sorted(Iteration.toList(input, work), key, false, work).values()) {
      if (!members.isEmpty()
          && !Comparison.equal(key.apply(members.getFirst()), key.apply(value), work)) {
        groups.add(group(path, members));
        members = new ArrayList<>();
      }
      members.add(value);
    }
    if (!members.isEmpty()) {
      groups.add(group(path, members));
    }
    return Items.list(groups);
  }

  private static Items group(Path path, List<Value> members) {
    return Items.of(
        Items.Kind.GROUP, List.of(path.follow(members.getFirst()), Items.list(members)));
  }

  private static Value unique(Value input, Arguments arguments, Work work) {
    var given = arguments.bind("unique", "case_sensitive", "attribute");
    var path = Path.of(given.get("attribute", None.NONE));
    var seen = new HashSet<Value>();
    var unique = new ArrayList<Value>();
    for (var value : Iteration.toList(input, work)) {
      work.spend(1);
      if (seen.add(Keys.check(folded(path.follow(value), given.truth("case_sensitive"))))) {
        unique.add(value);
      }
    }
    return new Once(unique.iterator());
  }

  private static Value extreme(Value input, String name, Arguments arguments, Work work) {
    var given = arguments.bind(name, "case_sensitive", "attribute");
    var path = Path.of(given.get("attribute", None.NONE));
    Value best = null;
    Value bestKey = null;
    for (var values = Iteration.over(input); values.hasNext(); ) {
      var value = values.next();
      var key = folded(path.follow(value), given.truth("case_sensitive"));
      var order = bestKey == null ? 0 : Comparison.compare(key, bestKey, work);
      if (bestKey == null || (name.equals("min") ? order < 0 : order > 0)) {
        bestKey = key;
        best = value;
      }
    }
    return best != null ? best : Undefined.because("the " + name + " of nothing is not defined");
  }
}
