package io.moesaic.router.jinja;

import java.util.LinkedHashMap;

/// A macro: sees the variables of where it stands, and not those of who calls it.
record Macro(Statement.Define code, Scope surroundings, Interpreter interpreter)
    implements Value.Function {
  @Override
  public Value call(Arguments arguments, Work work) {
    var scope = surroundings.inner();
    bind(arguments, scope);
    var text = work.new Output();
    interpreter.run(code.body(), scope, text);
    return text.toText();
  }

  private void bind(Arguments arguments, Scope scope) {
    var positional = arguments.positional();
    var named = new LinkedHashMap<>(arguments.named());
    var parameters = code.parameters();
    if (positional.size() > parameters.size()) {
      throw Failure.of("the macro '%s' takes at most %d arguments", code.name(), parameters.size());
    }
    for (var i = 0; i < parameters.size(); i++) {
      var name = parameters.get(i).name();
      var value = i < positional.size() ? positional.get(i) : named.remove(name);
      scope.set(name, value != null ? value : fallback(parameters.get(i), scope));
    }
    if (!named.isEmpty()) {
      throw Failure.of(
          "the macro '%s' takes no argument '%s'", code.name(), named.keySet().iterator().next());
    }
  }

  private Value fallback(Statement.Define.Parameter parameter, Scope scope) {
    return parameter.fallback() != null
        ? interpreter.evaluator().evaluate(parameter.fallback(), scope)
        : new Value.Undefined(
            "the macro '%s' was not given its '%s'".formatted(code.name(), parameter.name()));
  }

  @Override
  public String type() {
    return "Macro";
  }
}
