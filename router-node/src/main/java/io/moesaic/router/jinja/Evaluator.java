package io.moesaic.router.jinja;

import io.moesaic.router.jinja.Expression.Affirmed;
import io.moesaic.router.jinja.Expression.And;
import io.moesaic.router.jinja.Expression.Arithmetic;
import io.moesaic.router.jinja.Expression.Attribute;
import io.moesaic.router.jinja.Expression.Call;
import io.moesaic.router.jinja.Expression.Compared;
import io.moesaic.router.jinja.Expression.Conditional;
import io.moesaic.router.jinja.Expression.DictOf;
import io.moesaic.router.jinja.Expression.Filtered;
import io.moesaic.router.jinja.Expression.Given;
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
import io.moesaic.router.jinja.Expression.Use;
import io.moesaic.router.jinja.Numeric.Bool;
import io.moesaic.router.jinja.Value.Dict;
import io.moesaic.router.jinja.Value.Function;
import io.moesaic.router.jinja.Value.Items;
import io.moesaic.router.jinja.Value.None;
import io.moesaic.router.jinja.Value.Text;
import io.moesaic.router.jinja.Value.Undefined;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

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
          Members.item(evaluate(owner, scope), evaluate(key, scope));
      case Slice(var owner, var start, var stop, var step) ->
          Members.slice(
              evaluate(owner, scope),
              bound(start, scope),
              bound(stop, scope),
              bound(step, scope),
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
      case Affirmed(var of) -> Operators.affirm(evaluate(of, scope));
      case Joined(var parts) -> joined(parts, scope);
      case Conditional(var condition, var then, var otherwise) -> {
        if (evaluate(condition, scope).truth()) {
          yield evaluate(then, scope);
        }
        yield otherwise != null
            ? evaluate(otherwise, scope)
            : Undefined.because("a conditional expression is false and has no 'else'");
      }
    };
  }

  private List<Value> all(List<Expression> expressions, Scope scope) {
    var values = new ArrayList<Value>(expressions.size());
    for (var expression : expressions) {
      values.add(evaluate(expression, scope));
    }
    return values;
  }

  private Dict dict(List<DictOf.Entry> entries, Scope scope) {
    var dict = new LinkedHashMap<Value, Value>();
    for (var entry : entries) {
      var key = evaluate(entry.key(), scope);
      dict.put(Keys.check(key), evaluate(entry.value(), scope));
    }
    return Dict.of(dict);
  }

  private Value bound(@Nullable Expression bound, Scope scope) {
    return bound == null ? None.NONE : evaluate(bound, scope);
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

  private Text joined(List<Expression> parts, Scope scope) {
    var output = new Output(work);
    for (var part : parts) {
      output.append(Printer.print(evaluate(part, scope), work));
    }
    return output.toText();
  }

  Value filter(Value input, Use filter, Scope scope) {
    return Filters.apply(filter.name(), input, given(filter.given(), scope), work);
  }

  Value call(Value callee, Arguments arguments) {
    return switch (callee) {
      case Function function -> function.call(arguments, work);
      case Undefined undefined -> throw undefined.failure();
      case Value other -> throw Failure.of("a value of type %s cannot be called", other.type());
    };
  }

  Arguments given(Given given, Scope scope) {
    if (given.equals(Given.NOTHING)) {
      return Arguments.NONE;
    }
    var positional = all(given.positional(), scope);
    var named = new LinkedHashMap<String, Value>();
    for (var argument : given.named()) {
      if (named.put(argument.name(), evaluate(argument.value(), scope)) != null) {
        throw Failure.of("the argument '%s' is given twice", argument.name());
      }
    }
    if (given.spread() != null) {
      positional.addAll(Iteration.toList(evaluate(given.spread(), scope), work));
    }
    if (given.spreadNamed() != null) {
      spread(evaluate(given.spreadNamed(), scope), named);
    }
    return new Arguments(positional, named);
  }

  private static void spread(Value value, Map<String, Value> named) {
    if (!(value instanceof Dict dict)) {
      throw Failure.of("'**' needs a dict, not a value of type %s", value.type());
    }
    dict.entries()
        .forEach(
            (key, argument) -> {
              if (!(key instanceof Text name)) {
                throw Failure.of("'**' needs names, not a key of type %s", key.type());
              }
              if (named.put(name.content(), argument) != null) {
                throw Failure.of("the argument '%s' is given twice", name.content());
              }
            });
  }
}
