package io.moesaic.router.jinja;

import io.moesaic.router.jinja.Statement.MacroCode;
import io.moesaic.router.jinja.Value.Dict;
import io.moesaic.router.jinja.Value.Function;
import io.moesaic.router.jinja.Value.Items;
import io.moesaic.router.jinja.Value.Text;
import io.moesaic.router.jinja.Value.Undefined;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A macro, or the body of a call block: sees the variables of where it stands, and not those of
/// who calls it.
final class Macro implements Function {
  private final MacroCode code;
  private final Scope surroundings;
  private final Interpreter interpreter;

  Macro(MacroCode code, Scope surroundings, Interpreter interpreter) {
    this.code = code;
    this.surroundings = surroundings;
    this.interpreter = interpreter;
  }

  @Override
  public Value call(Arguments arguments, Work work) {
    var scope = surroundings.inner();
    bind(arguments, scope);
    var text = new Output(work);
    interpreter.run(code.body(), scope, text);
    return text.toText();
  }

  private void bind(Arguments arguments, Scope scope) {
    var positional = arguments.positional();
    var named = new LinkedHashMap<>(arguments.named());
    var count = code.parameters().size();
    for (var i = 0; i < count; i++) {
      var name = code.parameters().get(i).name();
      var value = i < positional.size() ? positional.get(i) : named.remove(name);
      if (value != null) {
        scope.set(name, value);
      } else {
        var fallback = code.parameters().get(i).fallback();
        scope.set(
            name,
            fallback == null
                ? Undefined.because(
                    "the macro '%s' was not given its '%s'".formatted(code.name(), name))
                : interpreter.evaluator().evaluate(fallback, scope));
      }
    }
    bindCaller(named, scope);
    bindRest(
        positional.subList(Math.min(count, positional.size()), positional.size()), named, scope);
  }

  private void bindCaller(Map<String, Value> named, Scope scope) {
    if (code.mentioned().contains("caller")) {
      var caller = named.remove("caller");
      scope.set(
          "caller", caller != null ? caller : Undefined.because("no call block calls this macro"));
    }
  }

  private void bindRest(List<Value> positional, Map<String, Value> named, Scope scope) {
    if (code.mentioned().contains("varargs")) {
      scope.set("varargs", Items.tuple(positional));
    } else if (!positional.isEmpty()) {
      throw Failure.of(
          "the macro '%s' takes at most %d arguments", code.name(), code.parameters().size());
    }
    if (code.mentioned().contains("kwargs")) {
      var rest = new LinkedHashMap<Value, Value>();
      named.forEach((name, value) -> rest.put(new Text(name), value));
      scope.set("kwargs", Dict.of(rest));
    } else if (!named.isEmpty()) {
      throw Failure.of(
          "the macro '%s' takes no argument '%s'", code.name(), named.keySet().iterator().next());
    }
  }

  @Override
  public @Nullable Value attribute(String name) {
    return name.equals("name") ? new Text(code.name()) : null;
  }

  @Override
  public String type() {
    return "Macro";
  }
}
