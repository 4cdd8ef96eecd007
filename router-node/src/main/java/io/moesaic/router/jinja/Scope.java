package io.moesaic.router.jinja;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Variables. What is set in a scope is not seen outside of it.
record Scope(@Nullable Scope outer, Map<String, Value> variables) {
  Scope inner() {
    return new Scope(this, new HashMap<>());
  }

  Value find(String name) {
    for (var scope = this; scope != null; scope = scope.outer) {
      var value = scope.variables.get(name);
      if (value != null) {
        return value;
      }
    }
    return new Value.Undefined("'%s' is not defined".formatted(name));
  }

  void set(String name, Value value) {
    variables.put(name, value);
  }
}
