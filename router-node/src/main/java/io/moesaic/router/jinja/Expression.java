package io.moesaic.router.jinja;

import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// An expression as it was parsed.
sealed interface Expression {
  record Literal(Value value) implements Expression {}

  record Name(String name) implements Expression {}

  /// A list or a tuple.
  record ItemsOf(Value.Items.Kind kind, List<Expression> items) implements Expression {}

  record DictOf(List<Entry> entries) implements Expression {
    record Entry(Expression key, Expression value) {}
  }

  /// `owner.name`
  record Attribute(Expression owner, String name) implements Expression {}

  /// `owner[key]`
  record Subscript(Expression owner, Expression key) implements Expression {}

  /// `owner[start:stop:step]`
  record Slice(Expression owner, Expression start, Expression stop, Expression step)
      implements Expression {}

  record Call(Expression callee, Given given) implements Expression {}

  /// `input | name(given)`
  record Filtered(Expression input, Use filter) implements Expression {}

  /// `input is name(given)`
  record Tested(Expression input, Use test) implements Expression {}

  record Not(Expression of) implements Expression {}

  record And(Expression left, Expression right) implements Expression {}

  record Or(Expression left, Expression right) implements Expression {}

  /// `first < second < third`: each neighbours must be in the relation.
  record Compared(Expression first, List<Link> links) implements Expression {
    record Link(Relation relation, Expression next) {}

    enum Relation {
      EQUAL("=="),
      UNEQUAL("!="),
      LESS("<"),
      AT_MOST("<="),
      GREATER(">"),
      AT_LEAST(">="),
      IN("in"),
      NOT_IN("not in");

      private final String symbol;

      Relation(String symbol) {
        this.symbol = symbol;
      }

      static @Nullable Relation of(String symbol) {
        for (var relation : values()) {
          if (relation.symbol.equals(symbol)) {
            return relation;
          }
        }
        return null;
      }
    }
  }

  /// `-a` is `0 - a`.
  record Arithmetic(Operator operator, Expression left, Expression right) implements Expression {
    enum Operator {
      ADD("+"),
      SUBTRACT("-"),
      MULTIPLY("*"),
      DIVIDE("/"),
      FLOOR_DIVIDE("//"),
      REMAINDER("%"),
      /// Of the texts of any values.
      JOIN("~");

      private final String symbol;

      Operator(String symbol) {
        this.symbol = symbol;
      }

      String symbol() {
        return symbol;
      }
    }
  }

  record Conditional(Expression condition, Expression then, @Nullable Expression otherwise)
      implements Expression {}

  /// A filter or a test, and what it is given.
  record Use(String name, Given given) {}

  /// The arguments of a call.
  ///
  /// @param named in the order of the call
  record Given(List<Expression> positional, Map<String, Expression> named) {
    static final Given NOTHING = new Given(List.of(), Map.of());
  }
}
