package io.moesaic.router.jinja;

import io.moesaic.router.jinja.Value.None;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What a call brings.
///
/// @param named in the order of the call
record Arguments(List<Value> positional, Map<String, Value> named) {
  Arguments {
    positional = List.copyOf(positional);
  }

  /// All but the first positional ones.
  Arguments without(int count) {
    return new Arguments(positional.subList(count, positional.size()), named);
  }

  /// Gives each argument to one of the parameters of who is called.
  Bound bind(String callee, String... names) {
    var parameters = List.of(names);
    if (positional.size() > parameters.size()) {
      throw Failure.of("%s takes at most %d arguments", callee, parameters.size());
    }
    var values = new HashMap<String, Value>();
    for (var i = 0; i < positional.size(); i++) {
      values.put(parameters.get(i), positional.get(i));
    }
    for (var argument : named.entrySet()) {
      if (!parameters.contains(argument.getKey())) {
        throw Failure.of("%s takes no argument '%s'", callee, argument.getKey());
      }
      if (values.put(argument.getKey(), argument.getValue()) != null) {
        throw Failure.of("%s is given its argument '%s' twice", callee, argument.getKey());
      }
    }
    return new Bound(callee, values);
  }

  /// The arguments by the names of the parameters. One that is `none` is as one that is missing,
  /// where there is something to fall back to.
  record Bound(String callee, Map<String, Value> values) {
    @Nullable Value find(String name) {
      return values.get(name);
    }

    Value get(String name) {
      var value = values.get(name);
      if (value == null) {
        throw Failure.of("%s needs its argument '%s'", callee, name);
      }
      return value;
    }

    Value get(String name, Value fallback) {
      return values.getOrDefault(name, fallback);
    }

    boolean has(String name) {
      return get(name, None.NONE) != None.NONE;
    }

    boolean truth(String name) {
      return get(name, None.NONE).truth();
    }

    long integer(String name) {
      return switch (get(name)) {
        case Value.Whole whole -> whole.integer();
        case Value.Undefined undefined -> throw undefined.failure();
        case Value other -> throw wrong(name, "an integer", other);
      };
    }

    long integer(String name, long fallback) {
      return has(name) ? integer(name) : fallback;
    }

    String text(String name) {
      return switch (get(name)) {
        case Value.Text(var text) -> text;
        case Value.Undefined undefined -> throw undefined.failure();
        case Value other -> throw wrong(name, "a text", other);
      };
    }

    private Failure wrong(String name, String expected, Value found) {
      return Failure.of(
          "the argument '%s' of %s must be %s, not of type %s",
          name, callee, expected, found.type());
    }
  }
}
