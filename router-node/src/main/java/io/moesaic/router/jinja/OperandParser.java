package io.moesaic.router.jinja;

import io.moesaic.router.jinja.Expression.DictOf.Entry;
import io.moesaic.router.jinja.Expression.Given;
import io.moesaic.router.jinja.Expression.Literal;
import io.moesaic.router.jinja.Expression.Use;
import io.moesaic.router.jinja.Token.Kind;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Parses what stands between operators: names, literals and brackets, and the subscripts, calls,
/// filters and tests that follow them.
final class OperandParser {
  private static final Literal NONE = new Literal(Value.None.NONE);

  private final TokenStream tokens;
  private final ExpressionParser expressions;

  OperandParser(TokenStream tokens, ExpressionParser expressions) {
    this.tokens = tokens;
    this.expressions = expressions;
  }

  Expression primary() {
    var token = tokens.take();
    return switch (token.kind()) {
      case NAME -> name(token.text());
      case STRING -> string(token.text());
      case INTEGER -> integer(token.text());
      case FLOAT -> new Literal(new Value.Real(Double.parseDouble(token.text())));
      case OPERATOR -> bracket(token);
      case TEXT, OUTPUT_BEGIN, OUTPUT_END, BLOCK_BEGIN, BLOCK_END, END -> throw unexpected(token);
    };
  }

  private Expression bracket(Token token) {
    return switch (token.text()) {
      case "(" -> parenthesized();
      case "[" -> new Expression.ItemsOf(Value.Items.Kind.LIST, items());
      case "{" -> dict();
      default -> throw unexpected(token);
    };
  }

  private static Failure unexpected(Token token) {
    return Failure.of("expected an expression, found %s", token.described());
  }

  private static Expression name(String name) {
    return switch (name) {
      case "true", "True" -> new Literal(new Value.Bool(true));
      case "false", "False" -> new Literal(new Value.Bool(false));
      case "none", "None" -> NONE;
      case "varargs", "kwargs", "caller" ->
          throw Failure.of("'%s' in macros is not supported", name);
      default -> new Expression.Name(name);
    };
  }

  private static Literal integer(String digits) {
    try {
      return new Literal(new Value.Int(Long.parseLong(digits)));
    } catch (NumberFormatException _) {
      throw Failure.of("the integer %s does not fit into 64 bits", digits);
    }
  }

  /// Strings side by side are one.
  private Literal string(String first) {
    var text = new StringBuilder(first);
    while (tokens.at(Kind.STRING)) {
      text.append(tokens.take().text());
    }
    return new Literal(new Value.Text(text.toString()));
  }

  private Expression parenthesized() {
    if (tokens.takeOperator(")")) {
      return new Expression.ItemsOf(Value.Items.Kind.TUPLE, List.of());
    }
    var inner = expressions.tuple(true);
    tokens.expectOperator(")");
    return inner;
  }

  private List<Expression> items() {
    var items = new ArrayList<Expression>();
    while (!tokens.takeOperator("]")) {
      items.add(expressions.expression());
      if (!tokens.atOperator("]")) {
        tokens.expectOperator(",");
      }
    }
    return items;
  }

  private Expression.DictOf dict() {
    var entries = new ArrayList<Entry>();
    while (!tokens.takeOperator("}")) {
      var key = expressions.expression();
      tokens.expectOperator(":");
      entries.add(new Entry(key, expressions.expression()));
      if (!tokens.atOperator("}")) {
        tokens.expectOperator(",");
      }
    }
    return new Expression.DictOf(entries);
  }

  /// Attributes, subscripts and calls of an operand.
  Expression postfixed(Expression operand) {
    var result = operand;
    while (true) {
      if (tokens.takeOperator(".")) {
        result = attribute(result);
      } else if (tokens.takeOperator("[")) {
        result = subscript(result);
      } else if (tokens.atOperator("(")) {
        result = new Expression.Call(result, given());
      } else {
        return result;
      }
    }
  }

  private Expression attribute(Expression owner) {
    if (tokens.at(Kind.INTEGER)) {
      return new Expression.Subscript(owner, integer(tokens.take().text()));
    }
    return new Expression.Attribute(owner, tokens.expectName());
  }

  private Expression subscript(Expression owner) {
    var start = bound();
    if (start != NONE && tokens.takeOperator("]")) {
      return new Expression.Subscript(owner, start);
    }
    tokens.expectOperator(":");
    var stop = bound();
    var step = tokens.takeOperator(":") ? bound() : NONE;
    tokens.expectOperator("]");
    return new Expression.Slice(owner, start, stop, step);
  }

  private Expression bound() {
    return tokens.atOperator(":") || tokens.atOperator("]") ? NONE : expressions.expression();
  }

  /// Filters, tests and calls of an operand.
  Expression filtered(Expression operand) {
    var result = operand;
    while (true) {
      if (tokens.takeOperator("|")) {
        result = new Expression.Filtered(result, use());
      } else if (tokens.takeName("is")) {
        result = tested(result);
      } else if (tokens.atOperator("(")) {
        result = new Expression.Call(result, given());
      } else {
        return result;
      }
    }
  }

  /// The filters that stand after the name of a block.
  List<Use> filters() {
    var filters = new ArrayList<Use>();
    while (tokens.takeOperator("|")) {
      filters.add(use());
    }
    return filters;
  }

  Use use() {
    var name = tokens.expectName();
    return new Use(name, tokens.atOperator("(") ? given() : Given.NOTHING);
  }

  private Expression tested(Expression input) {
    var negated = tokens.takeName("not");
    var name = tokens.expectName();
    var test = new Expression.Tested(input, new Use(name, givenToTest()));
    return negated ? new Expression.Not(test) : test;
  }

  /// A single argument needs no brackets, as in `x is eq 3`.
  private Given givenToTest() {
    if (tokens.atOperator("(")) {
      return given();
    }
    var next = tokens.peek();
    var begins =
        switch (next.kind()) {
          case NAME -> !(next.isName("else") || next.isName("or") || next.isName("and"));
          case STRING, INTEGER, FLOAT -> true;
          case OPERATOR -> next.isOperator("[") || next.isOperator("{");
          case TEXT, OUTPUT_BEGIN, OUTPUT_END, BLOCK_BEGIN, BLOCK_END, END -> false;
        };
    if (!begins) {
      return Given.NOTHING;
    }
    if (next.isName("is")) {
      throw new Failure("a test cannot follow another; put the first in brackets");
    }
    return new Given(List.of(postfixed(primary())), Map.of());
  }

  private Given given() {
    tokens.expectOperator("(");
    var positional = new ArrayList<Expression>();
    var named = new LinkedHashMap<String, Expression>();
    while (!tokens.takeOperator(")")) {
      if (tokens.at(Kind.NAME) && tokens.peekSecond().isOperator("=")) {
        var name = tokens.take().text();
        tokens.take();
        if (named.put(name, expressions.expression()) != null) {
          throw Failure.of("the argument '%s' is given twice", name);
        }
      } else if (named.isEmpty()) {
        positional.add(expressions.expression());
      } else {
        throw tokens.expected("a named argument, as those without a name come first");
      }
      if (!tokens.atOperator(")")) {
        tokens.expectOperator(",");
      }
    }
    return new Given(positional, named);
  }
}
