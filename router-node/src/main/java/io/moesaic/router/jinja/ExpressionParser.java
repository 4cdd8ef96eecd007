package io.moesaic.router.jinja;

import io.moesaic.router.jinja.Expression.Affirmed;
import io.moesaic.router.jinja.Expression.And;
import io.moesaic.router.jinja.Expression.Arithmetic;
import io.moesaic.router.jinja.Expression.Arithmetic.Operator;
import io.moesaic.router.jinja.Expression.Compared;
import io.moesaic.router.jinja.Expression.Compared.Link;
import io.moesaic.router.jinja.Expression.Compared.Relation;
import io.moesaic.router.jinja.Expression.Conditional;
import io.moesaic.router.jinja.Expression.Joined;
import io.moesaic.router.jinja.Expression.Negated;
import io.moesaic.router.jinja.Expression.Not;
import io.moesaic.router.jinja.Expression.Or;
import io.moesaic.router.jinja.Expression.TupleOf;
import io.moesaic.router.jinja.Token.Kind;
import java.util.ArrayList;
import java.util.Set;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Parses operators, the loosest first; [OperandParser] parses what they stand between.
///
/// ```
/// conditional   a if b else c
/// or  and  not
/// comparison    == != < <= > >= in, not in; a chain of them holds if each does
/// sum           + -
/// joining       ~
/// product       * / // %
/// power         ** (from the left, other than in Python)
/// sign          -a +a
/// ```
final class ExpressionParser {
  private final TokenStream tokens;
  private final OperandParser operands;

  ExpressionParser(TokenStream tokens) {
    this.tokens = tokens;
    operands = new OperandParser(tokens, this);
  }

  /// All names of variables that were read so far.
  Set<String> names() {
    return operands.names();
  }

  OperandParser operands() {
    return operands;
  }

  Expression expression() {
    tokens.descend();
    var then = or();
    while (tokens.takeName("if")) {
      var condition = or();
      var otherwise = tokens.takeName("else") ? expression() : null;
      then = new Conditional(condition, then, otherwise);
    }
    tokens.ascend();
    return then;
  }

  /// An expression, or several with commas between them, which are a tuple.
  Expression tuple() {
    return tuple(_ -> false, true);
  }

  /// @param ends at which tokens no further item comes, besides the ends of tags and `)`
  /// @param conditional whether `if` belongs to the expression
  Expression tuple(Predicate<Token> ends, boolean conditional) {
    var items = new ArrayList<Expression>();
    var comma = false;
    while (!endsTuple(ends)) {
      items.add(conditional ? expression() : or());
      if (!tokens.takeOperator(",")) {
        break;
      }
      comma = true;
    }
    if (comma) {
      return new TupleOf(items);
    }
    if (items.isEmpty()) {
      throw tokens.expected("an expression");
    }
    return items.getFirst();
  }

  boolean endsTuple(Predicate<Token> ends) {
    return tokens.at(Kind.OUTPUT_END)
        || tokens.at(Kind.BLOCK_END)
        || tokens.atOperator(")")
        || ends.test(tokens.peek());
  }

  private Expression or() {
    var left = and();
    while (tokens.takeName("or")) {
      left = new Or(left, and());
    }
    return left;
  }

  private Expression and() {
    var left = not();
    while (tokens.takeName("and")) {
      left = new And(left, not());
    }
    return left;
  }

  private Expression not() {
    if (!tokens.takeName("not")) {
      return comparison();
    }
    tokens.descend();
    var negated = new Not(not());
    tokens.ascend();
    return negated;
  }

  private Expression comparison() {
    var first = sum();
    var links = new ArrayList<Link>();
    for (var relation = relation(); relation != null; relation = relation()) {
      links.add(new Link(relation, sum()));
    }
    return links.isEmpty() ? first : new Compared(first, links);
  }

  private @Nullable Relation relation() {
    if (tokens.atName("not") && tokens.peekSecond().isName("in")) {
      tokens.take();
      tokens.take();
      return Relation.NOT_IN;
    }
    if (tokens.takeName("in")) {
      return Relation.IN;
    }
    if (!tokens.at(Kind.OPERATOR)) {
      return null;
    }
    var relation =
        switch (tokens.peek().text()) {
          case "==" -> Relation.EQUAL;
          case "!=" -> Relation.UNEQUAL;
          case "<" -> Relation.LESS;
          case "<=" -> Relation.AT_MOST;
          case ">" -> Relation.GREATER;
          case ">=" -> Relation.AT_LEAST;
          default -> null;
        };
    if (relation != null) {
      tokens.take();
    }
    return relation;
  }

  private Expression sum() {
    var left = joining();
    while (true) {
      if (tokens.takeOperator("+")) {
        left = new Arithmetic(Operator.ADD, left, joining());
      } else if (tokens.takeOperator("-")) {
        left = new Arithmetic(Operator.SUBTRACT, left, joining());
      } else {
        return left;
      }
    }
  }

  private Expression joining() {
    var first = product();
    if (!tokens.atOperator("~")) {
      return first;
    }
    var parts = new ArrayList<Expression>();
    parts.add(first);
    while (tokens.takeOperator("~")) {
      parts.add(product());
    }
    return new Joined(parts);
  }

  private Expression product() {
    var left = power();
    while (true) {
      if (tokens.takeOperator("*")) {
        left = new Arithmetic(Operator.MULTIPLY, left, power());
      } else if (tokens.takeOperator("/")) {
        left = new Arithmetic(Operator.DIVIDE, left, power());
      } else if (tokens.takeOperator("//")) {
        left = new Arithmetic(Operator.FLOOR_DIVIDE, left, power());
      } else if (tokens.takeOperator("%")) {
        left = new Arithmetic(Operator.REMAINDER, left, power());
      } else {
        return left;
      }
    }
  }

  private Expression power() {
    var left = operands.filtered(signed());
    while (tokens.takeOperator("**")) {
      left = new Arithmetic(Operator.POWER, left, operands.filtered(signed()));
    }
    return left;
  }

  /// A sign binds closer than a filter, and a subscript closer than a sign.
  private Expression signed() {
    if (tokens.atOperator("-") || tokens.atOperator("+")) {
      var negative = tokens.take().isOperator("-");
      tokens.descend();
      var operand = signed();
      tokens.ascend();
      return operands.postfixed(negative ? new Negated(operand) : new Affirmed(operand));
    }
    return operands.postfixed(operands.primary());
  }
}
