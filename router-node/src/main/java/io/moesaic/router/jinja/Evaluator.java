package io.moesaic.router.jinja;

import io.moesaic.router.jinja.Value.Bool;
import io.moesaic.router.jinja.Value.Dict;
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
      case Expression.Literal(var value) -> value;
      case Expression.Name(var name) -> scope.find(name);
      case Expression.ItemsOf(var kind, var items) -> new Value.Items(kind, all(items, scope));
      case Expression.DictOf(var entries) -> dict(entries, scope);
      case Expression.Attribute(var owner, var name) ->
          Members.attribute(evaluate(owner, scope), name);
      case Expression.Subscript(var owner, var key) ->
          Members.item(evaluate(owner, scope), evaluate(key, scope), work);
      case Expression.Slice(var owner, var start, var stop, var step) ->
          Members.slice(
              evaluate(owner, scope),
              evaluate(start, scope),
              evaluate(stop, scope),
              evaluate(step, scope),
              work);
      case Expression.Call(var callee, var given) ->
          call(evaluate(callee, scope), given(given, scope));
      case Expression.Filtered(var input, var filter) ->
          filter(evaluate(input, scope), filter, scope);
      case Expression.Tested(var input, var test) ->
          new Bool(
              Tests.holds(test.name(), evaluate(input, scope), given(test.given(), scope), work));
      case Expression.Not(var of) -> new Bool(!evaluate(of, scope).truth());
      case Expression.And(var left, var right) -> {
        var value = evaluate(left, scope);
        yield value.truth() ? evaluate(right, scope) : value;
      }
      case Expression.Or(var left, var right) -> {
        var value = evaluate(left, scope);
        yield value.truth() ? value : evaluate(right, scope);
      }
      case Expression.Compared(var first, var links) -> new Bool(compared(first, links, scope));
      case Expression.Arithmetic(var operator, var left, var right) ->
          Operators.apply(operator, evaluate(left, scope), evaluate(right, scope), work);
      case Expression.Conditional(var condition, var then, var otherwise) -> {
        if (evaluate(condition, scope).truth()) {
          yield evaluate(then, scope);
        }
        yield otherwise != null
            ? evaluate(otherwise, scope)
            : new Value.Undefined("a conditional expression is false and has no 'else'");
      }
    };
  }

  private List<Value> all(List<Expression> expressions, Scope scope) {
    var values = new ArrayList<Value>(expressions.size());
    expressions.forEach(expression -> values.add(evaluate(expression, scope)));
    return values;
  }

  private Dict dict(List<Expression.DictOf.Entry> entries, Scope scope) {
    var dict = new LinkedHashMap<String, Value>();
    for (var entry : entries) {
      dict.put(Dict.key(evaluate(entry.key(), scope)), evaluate(entry.value(), scope));
    }
    return new Dict(dict);
  }

  private boolean compared(Expression first, List<Expression.Compared.Link> links, Scope scope) {
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
      case Value.Undefined undefined -> throw undefined.failure();
      case Value other -> throw Failure.of("a value of type %s cannot be called", other.type());
    };
  }

  private Arguments given(Expression.Given given, Scope scope) {
    var named = new LinkedHashMap<String, Value>();
    given.named().forEach((name, value) -> named.put(name, evaluate(value, scope)));
    return new Arguments(all(given.positional(), scope), named);
  }
}
