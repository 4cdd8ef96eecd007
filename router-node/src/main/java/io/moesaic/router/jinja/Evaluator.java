package io.moesaic.router.jinja;

import io.moesaic.router.jinja.Expression.And;
import io.moesaic.router.jinja.Expression.Arithmetic;
import io.moesaic.router.jinja.Expression.Attribute;
import io.moesaic.router.jinja.Expression.Call;
import io.moesaic.router.jinja.Expression.Compared;
import io.moesaic.router.jinja.Expression.Conditional;
import io.moesaic.router.jinja.Expression.DictOf;
import io.moesaic.router.jinja.Expression.Filtered;
import io.moesaic.router.jinja.Expression.Joined;
import io.moesaic.router.jinja.Expression.ListOf;
import io.moesaic.router.jinja.Expression.Literal;
import io.moesaic.router.jinja.Expression.Name;
import io.moesaic.router.jinja.Expression.Negated;
import io.moesaic.router.jinja.Expression.Not;
import io.moesaic.router.jinja.Expression.Or;
import io.moesaic.router.jinja.Expression.Slice;
import io.moesaic.router.jinja.Expression.Subscript;
import io.moesaic.router.jinja.Expression.Tested;
import io.moesaic.router.jinja.Expression.TupleOf;
import io.moesaic.router.jinja.Value.Bool;
import io.moesaic.router.jinja.Value.Dict;
import io.moesaic.router.jinja.Value.Items;
import io.moesaic.router.jinja.Value.Undefined;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;

/// Computes expressions.
final class Evaluator {
  private final Work work;

  Evaluator(Work work) {
    this.work = work;
  }

  Value evaluate(Expression expression, Scope scope) {
    work.enter();
    var value = compute(expression, scope);
    work.leave();
    return value;
  }

  private Value compute(Expression expression, Scope scope) {
    return switch (expression) {
      case Literal(var value) -> value;
      case Name(var name) -> scope.find(name);
      case ListOf(var items) -> Items.list(all(items, scope));
      case TupleOf(var items) -> Items.tuple(all(items, scope));
      case DictOf(var entries) -> dict(entries, scope);
      case Attribute(var owner, var name) -> Members.attribute(evaluate(owner, scope), name);
      case Subscript(var owner, var key) ->
          Members.item(evaluate(owner, scope), evaluate(key, scope), work);
      case Slice(var owner, var start, var stop, var step) ->
          Members.slice(
              evaluate(owner, scope),
              evaluate(start, scope),
              evaluate(stop, scope),
              evaluate(step, scope),
              work);
      case Call(var callee, var given) -> call(evaluate(callee, scope), given(given, scope));
      case Filtered(var input, var filter) -> filter(evaluate(input, scope), filter, scope);
      case Tested(var input, var test) ->
          new Bool(
              Tests.holds(test.name(), evaluate(input, scope), given(test.given(), scope), work));
      case Not(var of) -> new Bool(!evaluate(of, scope).truth());
      case And(var left, var right) -> {
        var value = evaluate(left, scope);
        yield value.truth() ? evaluate(right, scope) : value;
      }
      case Or(var left, var right) -> {
        var value = evaluate(left, scope);
        yield value.truth() ? value : evaluate(right, scope);
      }
      case Compared(var first, var links) -> new Bool(compared(first, links, scope));
      case Arithmetic(var operator, var left, var right) ->
          Operators.apply(operator, evaluate(left, scope), evaluate(right, scope), work);
      case Negated(var of) -> Operators.negate(evaluate(of, scope));
      case Joined(var parts) -> {
        var output = work.new Output();
        parts.forEach(part -> output.append(Printer.print(evaluate(part, scope), work)));
        yield output.toText();
      }
      case Conditional(var condition, var then, var otherwise) -> {
        if (evaluate(condition, scope).truth()) {
          yield evaluate(then, scope);
        }
        yield otherwise != null
            ? evaluate(otherwise, scope)
            : new Undefined("a conditional expression is false and has no 'else'");
      }
    };
  }

  private List<Value> all(List<Expression> expressions, Scope scope) {
    var values = new ArrayList<Value>(expressions.size());
    expressions.forEach(expression -> values.add(evaluate(expression, scope)));
    return values;
  }

  private Dict dict(List<DictOf.Entry> entries, Scope scope) {
    var dict = new LinkedHashMap<String, Value>();
    for (var entry : entries) {
      dict.put(Dict.key(evaluate(entry.key(), scope)), evaluate(entry.value(), scope));
    }
    return new Dict(dict);
  }

  private boolean compared(Expression first, List<Compared.Link> links, Scope scope) {
    var left = evaluate(first, scope);
    for (var link : links) {
      var right = evaluate(link.next(), scope);
      if (!Comparison.holds(link.relation(), left, right, work)) {
        return false;
      }
      left = right;
    }
    return true;
  }

  Value filter(Value input, Expression.Use filter, Scope scope) {
    return Filters.apply(filter.name(), input, given(filter.given(), scope), work);
  }

  private Value call(Value callee, Arguments arguments) {
    return switch (callee) {
      case Value.Function function -> function.call(arguments, work);
      case Undefined undefined -> throw undefined.failure();
      case Value other -> throw Failure.of("a value of type %s cannot be called", other.type());
    };
  }

  private Arguments given(Expression.Given given, Scope scope) {
    var named = new LinkedHashMap<String, Value>();
    given.named().forEach((name, value) -> named.put(name, evaluate(value, scope)));
    return new Arguments(all(given.positional(), scope), named);
  }
}
