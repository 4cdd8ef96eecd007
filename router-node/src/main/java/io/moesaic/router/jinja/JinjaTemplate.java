package io.moesaic.router.jinja;

import java.time.Clock;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// A template of Jinja2, set up as Hugging Face does for chats, of which it knows blocks, macros,
/// expressions, filters and tests, but neither inheritance nor imports. It can read no file and
/// call no Java, and what a rendering takes is bounded. Safe for concurrent use.
public final class JinjaTemplate {
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
      variables.forEach((name, value) -> values.put(name, JavaValues.toValue(value, 0)));
      return interpreter.render(statements, Scope.outermost(values));
    } catch (Failure e) {
      throw new JinjaException(interpreter.line(), e);
    }
  }
}
