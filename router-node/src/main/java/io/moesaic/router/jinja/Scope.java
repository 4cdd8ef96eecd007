package io.moesaic.router.jinja;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Variables. What is set in a scope is not seen outside of it.
final class Scope {
  private final @Nullable Scope outer;
  private final Map<String, Value> variables = new HashMap<>();

  private Scope(@Nullable Scope outer) {
    this.outer = outer;
  }

  static Scope outermost(Map<String, Value> variables) {
    var scope = new Scope(null);
    scope.variables.putAll(variables);
    return scope;
  }

  Scope inner() {
    return new Scope(this);
  }

  Value find(String name) {
    for (var scope = this; scope != null; scope = scope.outer) {
      var value = scope.variables.get(name);
      if (value != null) {
        return value;
      }
    }
    return Value.Undefined.variable(name);
  }

  void set(String name, Value value) {
    variables.put(name, value);
  }
}
