package io.moesaic.router.jinja;

import io.moesaic.router.jinja.Expression.Arithmetic.Operator;
import io.moesaic.router.jinja.Expression.Compared.Link;
import io.moesaic.router.jinja.Expression.Compared.Relation;
import io.moesaic.router.jinja.Token.Kind;
import java.util.ArrayList;
import java.util.List;
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
  private static final List<List<Operator>> LEVELS =
      List.of(
          List.of(Operator.ADD, Operator.SUBTRACT),
          List.of(Operator.JOIN),
          List.of(Operator.MULTIPLY, Operator.DIVIDE, Operator.FLOOR_DIVIDE, Operator.REMAINDER));

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
      then = new Expression.Conditional(condition, then, otherwise);
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
    return comma ? new Expression.ItemsOf(Value.Items.Kind.TUPLE, items) : items.getFirst();
  }

  private boolean endsTuple() {
    return tokens.at(Kind.OUTPUT_END) || tokens.at(Kind.BLOCK_END) || tokens.atOperator(")");
  }

  private Expression or() {
    var left = and();
    while (tokens.takeName("or")) {
      left = new Expression.Or(left, and());
    }
    return left;
  }

  private Expression and() {
    var left = not();
    while (tokens.takeName("and")) {
      left = new Expression.And(left, not());
    }
    return left;
  }

  private Expression not() {
    if (!tokens.takeName("not")) {
      return comparison();
    }
    tokens.descend();
    var negated = new Expression.Not(not());
    tokens.ascend();
    return negated;
  }

  private Expression comparison() {
    var first = binary(0);
    var links = new ArrayList<Link>();
    for (var relation = relation(); relation != null; relation = relation()) {
      links.add(new Link(relation, binary(0)));
    }
    return links.isEmpty() ? first : new Expression.Compared(first, links);
  }

  private @Nullable Relation relation() {
    var token = tokens.peek();
    if (token.isName("not") && tokens.peekSecond().isName("in")) {
      tokens.take();
      tokens.take();
      return Relation.NOT_IN;
    }
    var isRelation = token.kind() == Kind.OPERATOR || token.isName("in");
    var relation = isRelation ? Relation.of(token.text()) : null;
    if (relation != null) {
      tokens.take();
    }
    return relation;
  }

  private Expression binary(int level) {
    if (level == LEVELS.size()) {
      return operands.filtered(signed());
    }
    var left = binary(level + 1);
    for (var operator = operator(level); operator != null; operator = operator(level)) {
      left = new Expression.Arithmetic(operator, left, binary(level + 1));
    }
    return left;
  }

  private @Nullable Operator operator(int level) {
    for (var operator : LEVELS.get(level)) {
      if (tokens.takeOperator(operator.symbol())) {
        return operator;
      }
    }
    return null;
  }

  /// A sign binds closer than a filter, and a subscript closer than a sign.
  private Expression signed() {
    if (!tokens.takeOperator("-")) {
      return operands.postfixed(operands.primary());
    }
    tokens.descend();
    var negated =
        new Expression.Arithmetic(
            Operator.SUBTRACT, new Expression.Literal(new Value.Int(0)), signed());
    tokens.ascend();
    return operands.postfixed(negated);
  }
}
