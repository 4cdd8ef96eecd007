package io.moesaic.router.jinja;

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
import java.util.List;
import java.util.Map;
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
/// sign          -a
/// ```
final class ExpressionParser {
  private static final Map<String, Relation> RELATIONS =
      Map.of(
          "==", Relation.EQUAL,
          "!=", Relation.UNEQUAL,
          "<", Relation.LESS,
          "<=", Relation.AT_MOST,
          ">", Relation.GREATER,
          ">=", Relation.AT_LEAST);

  private static final List<Operator> SUMS = List.of(Operator.ADD, Operator.SUBTRACT);
  private static final List<Operator> PRODUCTS =
      List.of(Operator.MULTIPLY, Operator.DIVIDE, Operator.FLOOR_DIVIDE, Operator.REMAINDER);

  private final TokenStream tokens;
  private final OperandParser operands;

  ExpressionParser(TokenStream tokens) {
    this.tokens = tokens;
    operands = new OperandParser(tokens, this);
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
  ///
  /// @param conditional whether `if` belongs to the expression
  Expression tuple(boolean conditional) {
    var items = new ArrayList<Expression>();
    items.add(conditional ? expression() : or());
    var comma = tokens.atOperator(",");
    while (tokens.takeOperator(",") && !endsTuple()) {
      items.add(conditional ? expression() : or());
    }
    return comma ? new TupleOf(items) : items.getFirst();
  }

  private boolean endsTuple() {
    return tokens.at(Kind.OUTPUT_END) || tokens.at(Kind.BLOCK_END) || tokens.atOperator(")");
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
    if (tokens.peek().isName("not") && tokens.peekSecond().isName("in")) {
      tokens.take();
      tokens.take();
      return Relation.NOT_IN;
    }
    if (tokens.takeName("in")) {
      return Relation.IN;
    }
    var relation = tokens.at(Kind.OPERATOR) ? RELATIONS.get(tokens.peek().text()) : null;
    if (relation != null) {
      tokens.take();
    }
    return relation;
  }

  private @Nullable Operator takeOneOf(List<Operator> operators) {
    for (var operator : operators) {
      if (tokens.takeOperator(operator.symbol())) {
        return operator;
      }
    }
    return null;
  }

  private Expression sum() {
    var left = joining();
    for (var operator = takeOneOf(SUMS); operator != null; operator = takeOneOf(SUMS)) {
      left = new Arithmetic(operator, left, joining());
    }
    return left;
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
    var left = operands.filtered(signed());
    for (var operator = takeOneOf(PRODUCTS); operator != null; operator = takeOneOf(PRODUCTS)) {
      left = new Arithmetic(operator, left, operands.filtered(signed()));
    }
    return left;
  }

  /// A sign binds closer than a filter, and a subscript closer than a sign.
  private Expression signed() {
    if (!tokens.takeOperator("-")) {
      return operands.postfixed(operands.primary());
    }
    tokens.descend();
    var negated = new Negated(signed());
    tokens.ascend();
    return operands.postfixed(negated);
  }
}
