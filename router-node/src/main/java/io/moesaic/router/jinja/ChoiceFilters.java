package io.moesaic.router.jinja;

import io.moesaic.router.jinja.Filters.Filter;
import io.moesaic.router.jinja.Value.None;
import io.moesaic.router.jinja.Value.Once;
import io.moesaic.router.jinja.Value.Text;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/// Filters that apply a filter or a test, given by its name, to each value.
final class ChoiceFilters {
  static final Map<String, Filter> BY_NAME =
      Map.of(
          "map", ChoiceFilters::map,
          "select", (input, arguments, work) -> choose("select", input, arguments, work),
          "reject", (input, arguments, work) -> choose("reject", input, arguments, work),
          "selectattr", (input, arguments, work) -> choose("selectattr", input, arguments, work),
          "rejectattr", (input, arguments, work) -> choose("rejectattr", input, arguments, work));

  private ChoiceFilters() {}

  private static Value map(Value input, Arguments arguments, Work work) {
    // also what cannot be gone through gives nothing if it is false
    if (!input.truth()) {
      return new Once(List.<Value>of().iterator());
    }
    var mapped = new ArrayList<Value>();
    if (arguments.positional().isEmpty() && arguments.named().containsKey("attribute")) {
      var given = arguments.bind("map", "attribute", "default");
      var path = Path.of(given.get("attribute")).orElse(given.get("default", None.NONE));
      for (var value : Iteration.toList(input, work)) {
        work.spend(1);
        mapped.add(path.follow(value));
      }
    } else {
      var filter = name("map", arguments, 0);
      for (var value : Iteration.toList(input, work)) {
        work.spend(1);
        mapped.add(Filters.apply(filter, value, arguments.without(1), work));
      }
    }
    return new Once(mapped.iterator());
  }

  private static Value choose(String callee, Value input, Arguments arguments, Work work) {
    if (!input.truth()) {
      return new Once(List.<Value>of().iterator());
    }
    var places = callee.endsWith("attr") ? 1 : 0;
    if (arguments.positional().size() < places) {
      throw Failure.of("%s needs the name of an attribute", callee);
    }
    var path = Path.of(places == 0 ? None.NONE : arguments.positional().getFirst());
    var chosen = new ArrayList<Value>();
    for (var value : Iteration.toList(input, work)) {
      work.spend(1);
      if (holds(callee, path.follow(value), arguments, places, work)
          == callee.startsWith("select")) {
        chosen.add(value);
      }
    }
    return new Once(chosen.iterator());
  }

  private static boolean holds(
      String callee, Value value, Arguments arguments, int places, Work work) {
    return arguments.positional().size() == places
        ? value.truth()
        : Tests.holds(name(callee, arguments, places), value, arguments.without(places + 1), work);
  }

  private static String name(String callee, Arguments arguments, int place) {
    if (arguments.positional().size() <= place
        || !(arguments.positional().get(place) instanceof Text(var name))) {
      throw Failure.of("%s needs a name at place %d of its arguments", callee, place + 1);
    }
    return name;
  }
}
