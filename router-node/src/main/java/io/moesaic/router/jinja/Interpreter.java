package io.moesaic.router.jinja;

import io.moesaic.router.jinja.Statement.Define;
import io.moesaic.router.jinja.Statement.For;
import io.moesaic.router.jinja.Statement.Target.NamespaceAttribute;
import io.moesaic.router.jinja.Statement.Target.Unpacked;
import io.moesaic.router.jinja.Statement.Target.Variable;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;

/// Runs the statements of one rendering. Used once, by one thread.
final class Interpreter {
  /// How a statement ends: whether the next one follows, or the loop around them goes on.
  private enum Flow {
    NEXT,
    BREAK,
    CONTINUE
  }

  private final Work work = new Work();
  private final Evaluator evaluator = new Evaluator(work);
  private int line = 1;

  /// The line of the statement that runs.
  int line() {
    return line;
  }

  String render(List<Statement> template, Scope scope) {
    var output = work.new Output();
    run(template, scope, output);
    return output.toText().content();
  }

  private Flow run(List<Statement> statements, Scope scope, Work.Output output) {
    var outer = line;
    var flow = Flow.NEXT;
    for (var next = statements.iterator(); flow == Flow.NEXT && next.hasNext(); ) {
      var statement = next.next();
      work.enter();
      line = statement.line();
      flow = run(statement, scope, output);
      work.leave();
    }
    line = outer;
    return flow;
  }

  private Flow run(Statement statement, Scope scope, Work.Output output) {
    return switch (statement) {
      case Statement.Verbatim(var text, _) -> {
        output.append(text);
        yield Flow.NEXT;
      }
      case Statement.Print(var value, _) -> {
        output.append(Printer.print(evaluator.evaluate(value, scope), work));
        yield Flow.NEXT;
      }
      case Statement.If branches -> branch(branches, scope, output);
      case For loop -> loop(loop, scope, output);
      case Statement.Break _ -> Flow.BREAK;
      case Statement.Continue _ -> Flow.CONTINUE;
      case Statement.Assign(var target, var value, _) -> {
        assign(target, evaluator.evaluate(value, scope), scope);
        yield Flow.NEXT;
      }
      case Statement.Capture(var filters, var body, var target, _) -> {
        var inner = scope.inner();
        var text = work.new Output();
        var flow = run(body, inner, text);
        if (flow == Flow.NEXT && target != null) {
          assign(target, filtered(text.toText(), filters, inner), scope);
        } else if (flow == Flow.NEXT) {
          output.append(Printer.print(filtered(text.toText(), filters, inner), work));
        }
        yield flow;
      }
      case Define macro -> {
        scope.set(macro.name(), new Macro(macro, scope, this));
        yield Flow.NEXT;
      }
      case Statement.With(var bindings, var body, _) -> {
        var inner = scope.inner();
        for (var binding : bindings) {
          assign(binding.target(), evaluator.evaluate(binding.value(), scope), inner);
        }
        yield run(body, inner, output);
      }
    };
  }

  private Flow branch(Statement.If statement, Scope scope, Work.Output output) {
    for (var branch : statement.branches()) {
      if (evaluator.evaluate(branch.condition(), scope).truth()) {
        return run(branch.body(), scope, output);
      }
    }
    return run(statement.otherwise(), scope, output);
  }

  private Flow loop(For statement, Scope scope, Work.Output output) {
    var items = Members.iterate(evaluator.evaluate(statement.items(), scope));
    var loop = new Loop(items, item -> isWanted(statement, item, scope));
    var completed = false;
    for (var item = loop.next(); item != null; item = loop.next()) {
      work.spend(1);
      var inner = scope.inner();
      assign(statement.target(), item, inner);
      inner.set("loop", loop);
      var flow = run(statement.body(), inner, output);
      if (flow == Flow.BREAK) {
        break;
      }
      completed |= flow == Flow.NEXT;
    }
    return completed ? Flow.NEXT : run(statement.otherwise(), scope.inner(), output);
  }

  private boolean isWanted(For statement, Value item, Scope scope) {
    if (statement.condition() == null) {
      return true;
    }
    var inner = scope.inner();
    assign(statement.target(), item, inner);
    return evaluator.evaluate(statement.condition(), inner).truth();
  }

  private Value filtered(Value text, List<Expression.Use> filters, Scope scope) {
    var result = text;
    for (var filter : filters) {
      result = evaluator.filter(result, filter, scope);
    }
    return result;
  }

  private void assign(Statement.Target target, Value value, Scope scope) {
    switch (target) {
      case Variable(var name) -> scope.set(name, value);
      case NamespaceAttribute(var owner, var name) -> {
        if (!(scope.find(owner) instanceof Value.Namespace(var attributes))) {
          throw Failure.of("'%s' is no namespace, so that '%s' of it cannot be set", owner, name);
        }
        attributes.put(name, value);
      }
      case Unpacked(var targets) -> unpack(targets, Members.iterate(value), scope);
    }
  }

  private void unpack(List<Statement.Target> targets, Iterator<Value> values, Scope scope) {
    for (var target : targets) {
      if (!values.hasNext()) {
        throw Failure.of("there are fewer values than the %d variables for them", targets.size());
      }
      assign(target, values.next(), scope);
    }
    if (values.hasNext()) {
      throw Failure.of("there are more values than the %d variables for them", targets.size());
    }
  }

  /// A macro: sees the variables of where it stands, and not those of who calls it.
  private record Macro(Define code, Scope surroundings, Interpreter interpreter)
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
        throw Failure.of(
            "the macro '%s' takes at most %d arguments", code.name(), parameters.size());
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

    private Value fallback(Define.Parameter parameter, Scope scope) {
      return parameter.fallback() != null
          ? interpreter.evaluator.evaluate(parameter.fallback(), scope)
          : new Value.Undefined(
              "the macro '%s' was not given its '%s'".formatted(code.name(), parameter.name()));
    }
  }
}
