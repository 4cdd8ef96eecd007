package io.moesaic.router.jinja;

import java.time.Clock;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// A template of Jinja2, set up as Hugging Face does for chats, of which it knows blocks, macros,
/// expressions, filters and tests, but neither inheritance nor imports. It can read no file and
/// call no Java, and what a rendering takes is bounded. Safe for concurrent use.
public final class JinjaTemplate {
  private static final int MAX_DEPTH = 100;

  private final List<Statement> statements;

  private JinjaTemplate(List<Statement> statements) {
    this.statements = statements;
  }

  public static JinjaTemplate parse(String template) throws JinjaException {
    return new JinjaTemplate(StatementParser.parse(template));
  }

  /// @param variables texts, numbers, truth values, null, and lists and maps of them; texts among
  ///     them are data and never taken for templates
  /// @param clock for what templates know as `strftime_now`
  public String render(Map<String, ?> variables, Clock clock) throws JinjaException {
    var interpreter = new Interpreter();
    try {
      var values = new HashMap<>(Globals.of(clock));
      variables.forEach((name, value) -> values.put(name, toValue(value, 0)));
      return interpreter.render(statements, new Scope(null, values));
    } catch (Failure e) {
      throw new JinjaException(interpreter.line(), e);
    }
  }

  private static Value toValue(@Nullable Object object, int depth) {
    if (depth > MAX_DEPTH) {
      throw Failure.of("a variable nests deeper than %d levels", MAX_DEPTH);
    }
    return switch (object) {
      case null -> Value.None.NONE;
      case String text -> new Value.Text(text);
      case Boolean truth -> new Value.Bool(truth);
      case Integer number -> new Value.Int(number);
      case Long number -> new Value.Int(number);
      case Double number -> new Value.Real(number);
      case List<?> list -> {
        var values = new ArrayList<Value>(list.size());
        list.forEach(item -> values.add(toValue(item, depth + 1)));
        yield Value.Items.list(values);
      }
      case Map<?, ?> map -> {
        var entries = new LinkedHashMap<String, Value>();
        map.forEach(
            (key, value) ->
                entries.put(Value.Dict.key(toValue(key, depth + 1)), toValue(value, depth + 1)));
        yield new Value.Dict(entries);
      }
      case Object other ->
          throw Failure.of(
              "a variable is of type %s, which templates do not know", other.getClass().getName());
    };
  }
}
