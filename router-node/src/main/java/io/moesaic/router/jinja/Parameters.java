package io.moesaic.router.jinja;

import io.moesaic.router.jinja.Numeric.Bool;
import io.moesaic.router.jinja.Numeric.Int;
import io.moesaic.router.jinja.Numeric.Whole;
import io.moesaic.router.jinja.Value.None;
import io.moesaic.router.jinja.Value.Text;
import io.moesaic.router.jinja.Value.Undefined;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The arguments of one call by the names of the parameters.
final class Parameters {
  private final String callee;
  private final Map<String, Value> values = new HashMap<>();

  Parameters(String callee, List<String> names, Arguments arguments) {
    this.callee = callee;
    var positional = arguments.positional();
    if (positional.size() > names.size()) {
      throw Failure.of(
          "%s takes at most %d arguments, not %d", callee, names.size(), positional.size());
    }
    for (var i = 0; i < positional.size(); i++) {
      values.put(names.get(i), positional.get(i));
    }
    arguments
        .named()
        .forEach(
            (name, value) -> {
              if (!names.contains(name)) {
                throw Failure.of("%s takes no argument '%s'", callee, name);
              }
              if (values.put(name, value) != null) {
                throw Failure.of("%s is given its argument '%s' twice", callee, name);
              }
            });
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
    return get(name, new Bool(false)).truth();
  }

  long integer(String name) {
    return integer(get(name), name);
  }

  long integer(String name, long fallback) {
    return integer(get(name, new Int(fallback)), name);
  }

  /// An integer whose absence `none` may say too.
  long integerOrNone(String name, long fallback) {
    return has(name) ? integer(name, fallback) : fallback;
  }

  private long integer(Value value, String name) {
    return switch (value) {
      case Whole whole -> whole.integer();
      case Undefined undefined -> throw undefined.failure();
      case Value other -> throw wrong(name, "an integer", other);
    };
  }

  String text(String name) {
    return text(get(name), name);
  }

  String text(String name, String fallback) {
    return text(get(name, new Text(fallback)), name);
  }

  private String text(Value value, String name) {
    return switch (value) {
      case Text text -> text.content();
      case Undefined undefined -> throw undefined.failure();
      case Value other -> throw wrong(name, "a text", other);
    };
  }

  private Failure wrong(String name, String expected, Value found) {
    return Failure.of(
        "the argument '%s' of %s must be %s, not of type %s", name, callee, expected, found.type());
  }
}
