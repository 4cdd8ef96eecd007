package io.moesaic.router.jinja;

import io.moesaic.router.jinja.Expression.Use;
import io.moesaic.router.jinja.Statement.Assign;
import io.moesaic.router.jinja.Statement.Break;
import io.moesaic.router.jinja.Statement.Continue;
import io.moesaic.router.jinja.Statement.Define;
import io.moesaic.router.jinja.Statement.FilterBlock;
import io.moesaic.router.jinja.Statement.For;
import io.moesaic.router.jinja.Statement.If;
import io.moesaic.router.jinja.Statement.Print;
import io.moesaic.router.jinja.Statement.SetBlock;
import io.moesaic.router.jinja.Statement.Target;
import io.moesaic.router.jinja.Statement.Target.NamespaceAttribute;
import io.moesaic.router.jinja.Statement.Target.Unpacked;
import io.moesaic.router.jinja.Statement.Target.Variable;
import io.moesaic.router.jinja.Statement.Verbatim;
import io.moesaic.router.jinja.Statement.With;
import java.util.Iterator;
import java.util.List;

/// Runs the statements of one rendering. Used once, by one thread.
final class Interpreter {
  /// How a statement ends: whether the next one follows, or the loop around them goes on.
  enum Flow {
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

  Evaluator evaluator() {
    return evaluator;
  }

  Flow run(List<Statement> statements, Scope scope, Work.Output output) {
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
      case Verbatim(var text, _) -> {
        output.append(text);
        yield Flow.NEXT;
      }
      case Print(var value, _) -> {
        output.append(Printer.print(evaluator.evaluate(value, scope), work));
        yield Flow.NEXT;
      }
      case If branches -> branch(branches, scope, output);
      case For loop -> loop(loop, scope, output);
      case Break _ -> Flow.BREAK;
      case Continue _ -> Flow.CONTINUE;
      case Assign(var target, var value, _) -> {
        assign(target, evaluator.evaluate(value, scope), scope);
        yield Flow.NEXT;
      }
      case SetBlock(var target, var filters, var body, _) -> {
        var text = work.new Output();
        var inner = scope.inner();
        var flow = run(body, inner, text);
        if (flow == Flow.NEXT) {
          assign(target, filtered(text.toText(), filters, inner), scope);
        }
        yield flow;
      }
      case Define macro -> {
        scope.set(macro.name(), new Macro(macro, scope, this));
        yield Flow.NEXT;
      }
      case FilterBlock(var filters, var body, _) -> {
        var text = work.new Output();
        var inner = scope.inner();
        var flow = run(body, inner, text);
        if (flow == Flow.NEXT) {
          output.append(Printer.print(filtered(text.toText(), filters, inner), work));
        }
        yield flow;
      }
      case With(var bindings, var body, _) -> {
        var inner = scope.inner();
        for (var binding : bindings) {
          assign(binding.target(), evaluator.evaluate(binding.value(), scope), inner);
        }
        yield run(body, inner, output);
      }
    };
  }

  private Flow branch(If statement, Scope scope, Work.Output output) {
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

  private Value filtered(Value text, List<Use> filters, Scope scope) {
    var result = text;
    for (var filter : filters) {
      result = evaluator.filter(result, filter, scope);
    }
    return result;
  }

  private void assign(Target target, Value value, Scope scope) {
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

  private void unpack(List<Target> targets, Iterator<Value> values, Scope scope) {
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
}
