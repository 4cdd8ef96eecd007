package io.moesaic.router.jinja;

import io.moesaic.router.jinja.Expression.Compared.Relation;
import io.moesaic.router.jinja.Value.Dict;
import io.moesaic.router.jinja.Value.Items;
import io.moesaic.router.jinja.Value.Numeric;
import io.moesaic.router.jinja.Value.Text;
import io.moesaic.router.jinja.Value.Undefined;
import java.util.List;

/// Python's equality, order and membership.
final class Comparison {
  private Comparison() {}

  static boolean holds(Relation relation, Value left, Value right, Work work) {
    return switch (relation) {
      case EQUAL -> equal(left, right, work);
      case UNEQUAL -> !equal(left, right, work);
      case IN -> contains(right, left, work);
      case NOT_IN -> !contains(right, left, work);
      case LESS -> compare(left, right, work) < 0;
      case AT_MOST -> compare(left, right, work) <= 0;
      case GREATER -> compare(left, right, work) > 0;
      case AT_LEAST -> compare(left, right, work) >= 0;
    };
  }

  @SuppressWarnings("ReferenceEquality") // of objects, which are equal to themselves only
  static boolean equal(Value left, Value right, Work work) {
    work.enter();
    var equal =
        switch (left) {
          case Numeric a -> right instanceof Numeric b && compare(a, b) == 0;
          case Text a -> {
            work.spendOn(left);
            yield a.equals(right);
          }
          case Items(var kind, var a) ->
              right instanceof Items b && kind == b.kind() && equal(a, b.values(), work);
          case Dict a -> right instanceof Dict b && equal(a, b, work);
          case Undefined _ -> right instanceof Undefined;
          case Value.None _, Value.Once _, Value.Opaque _ -> left == right;
        };
    work.leave();
    return equal;
  }

  private static boolean equal(List<Value> left, List<Value> right, Work work) {
    var equal = left.size() == right.size();
    for (var i = 0; equal && i < left.size(); i++) {
      equal = equal(left.get(i), right.get(i), work);
    }
    return equal;
  }

  private static boolean equal(Dict left, Dict right, Work work) {
    var equal = left.entries().size() == right.entries().size();
    for (var entries = left.entries().entrySet().iterator(); equal && entries.hasNext(); ) {
      var entry = entries.next();
      var other = right.entries().get(entry.getKey());
      equal = other != null && equal(entry.getValue(), other, work);
    }
    return equal;
  }

  /// @return negative if left comes first, 0 if they are equal
  static int compare(Value left, Value right, Work work) {
    work.spend(1);
    if (left instanceof Undefined undefined) {
      throw undefined.failure();
    }
    if (right instanceof Undefined undefined) {
      throw undefined.failure();
    }
    if (left instanceof Numeric a && right instanceof Numeric b) {
      return compare(a, b);
    }
    if (left instanceof Text(var a) && right instanceof Text(var b)) {
      work.spendOnText(Math.min(a.length(), b.length()));
      return a.compareTo(b);
    }
    throw Failure.of("values of types %s and %s have no order", left.type(), right.type());
  }

  private static int compare(Numeric a, Numeric b) {
    return a instanceof Value.Whole x && b instanceof Value.Whole y
        ? Long.compare(x.integer(), y.integer())
        // so that the two zeros are equal
        : Double.compare(a.real() + 0.0, b.real() + 0.0);
  }

  static boolean contains(Value holder, Value item, Work work) {
    return switch (holder) {
      case Text(var text) -> {
        if (!(item instanceof Text(var part))) {
          throw Failure.of("a text cannot contain a value of type %s", item.type());
        }
        work.spendOnSearch(text, part);
        yield text.contains(part);
      }
      case Dict(var entries) -> item instanceof Text(var key) && entries.containsKey(key);
      case Items _, Value.Once _, Undefined _ -> {
        for (var values = Members.iterate(holder); values.hasNext(); ) {
          if (equal(values.next(), item, work)) {
            yield true;
          }
        }
        yield false;
      }
      case Value.None _, Numeric _, Value.Opaque _ ->
          throw Failure.of(
              "'in' needs a text, list or dict, not a value of type %s", holder.type());
    };
  }
}
