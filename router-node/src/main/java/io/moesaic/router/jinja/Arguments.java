package io.moesaic.router.jinja;

import java.util.List;
import java.util.Map;

/// What a call brings.
///
/// @param named in the order of the call
record Arguments(List<Value> positional, Map<String, Value> named) {
  static final Arguments NONE = new Arguments(List.of(), Map.of());

  Arguments {
    positional = List.copyOf(positional);
  }

  /// Gives each argument to one of the parameters of who is called.
  Parameters bind(String callee, String... names) {
    return new Parameters(callee, List.of(names), this);
  }

  /// All but the first positional ones.
  Arguments without(int count) {
    return new Arguments(positional.subList(count, positional.size()), named);
  }
}
