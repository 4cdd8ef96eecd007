package io.moesaic.router.jinja;

import io.moesaic.router.jinja.Expression.Compared.Relation;
import io.moesaic.router.jinja.Numeric.Real;
import io.moesaic.router.jinja.Value.Dict;
import io.moesaic.router.jinja.Value.Items;
import io.moesaic.router.jinja.Value.None;
import io.moesaic.router.jinja.Value.Once;
import io.moesaic.router.jinja.Value.Opaque;
import io.moesaic.router.jinja.Value.Sequence;
import io.moesaic.router.jinja.Value.Text;
import io.moesaic.router.jinja.Value.Undefined;
import io.moesaic.router.jinja.Value.View;
import java.util.Iterator;

/// Python's equality, order and membership.
final class Comparison {
  private Comparison() {}

  static boolean holds(Relation relation, Value left, Value right, Work work) {
    return switch (relation) {
      case EQUAL -> equal(left, right, work);
      case UNEQUAL -> !equal(left, right, work);
      case IN -> contains(right, left, work);
      case NOT_IN -> !contains(right, left, work);
      case LESS -> ordered(left, right) && compare(left, right, work) < 0;
      case AT_MOST -> ordered(left, right) && compare(left, right, work) <= 0;
      case GREATER -> ordered(left, right) && compare(left, right, work) > 0;
      case AT_LEAST -> ordered(left, right) && compare(left, right, work) >= 0;
    };
  }

  static boolean equal(Value left, Value right, Work work) {
    work.spendOnText(Math.min(left.weight(), right.weight()));
    return left.equals(right);
  }

  /// Nothing is before or after what is not a number.
  private static boolean ordered(Value left, Value right) {
    return !(left instanceof Real a && Double.isNaN(a.real()))
        && !(right instanceof Real b && Double.isNaN(b.real()));
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
      return Numeric.compare(a, b);
    }
    if (left instanceof Text a && right instanceof Text b) {
      work.spendOnText(Math.min(a.weight(), b.weight()));
      return a.compareTo(b);
    }
    if (left instanceof Items a && right instanceof Items b && a.type().equals(b.type())) {
      return compare(a.values().iterator(), b.values().iterator(), work);
    }
    throw Failure.of("values of types %s and %s have no order", left.type(), right.type());
  }

  /// By the first items that differ.
  private static int compare(Iterator<Value> left, Iterator<Value> right, Work work) {
    while (left.hasNext() && right.hasNext()) {
      var a = left.next();
      var b = right.next();
      if (!equal(a, b, work)) {
        return compare(a, b, work);
      }
    }
    return Boolean.compare(left.hasNext(), right.hasNext());
  }

  static boolean contains(Value holder, Value item, Work work) {
    return switch (holder) {
      case Text text -> {
        if (!(item instanceof Text part)) {
          throw Failure.of("a text cannot contain a value of type %s", item.type());
        }
        work.spendOnSearch(text.content(), part.content());
        yield text.content().contains(part.content());
      }
      case Dict dict -> dict.entries().containsKey(Keys.check(item));
      case Sequence _, View _, Once _, Undefined _ -> {
        for (var values = Iteration.over(holder); values.hasNext(); ) {
          work.spend(1);
          if (equal(values.next(), item, work)) {
            yield true;
          }
        }
        yield false;
      }
      case None _, Numeric _, Opaque _ ->
          throw Failure.of(
              "'in' needs a text, list or dict, not a value of type %s", holder.type());
    };
  }
}
