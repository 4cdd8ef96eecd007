package io.moesaic.router.jinja;

import io.moesaic.router.jinja.Value.Dict;
import io.moesaic.router.jinja.Value.None;
import io.moesaic.router.jinja.Value.Once;
import io.moesaic.router.jinja.Value.Opaque;
import io.moesaic.router.jinja.Value.Sequence;
import io.moesaic.router.jinja.Value.Text;
import io.moesaic.router.jinja.Value.Undefined;
import io.moesaic.router.jinja.Value.View;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;

/// Goes through what holds values.
final class Iteration {
  private Iteration() {}

  static boolean isPossible(Value value) {
    return switch (value) {
      case Text _, Sequence _, Dict _, View _, Once _, Undefined _ -> true;
      case None _, Numeric _, Opaque _ -> false;
    };
  }

  static Iterator<Value> over(Value value) {
    return switch (value) {
      case Text text ->
          text.content()
              .codePoints()
              .<Value>mapToObj(c -> new Text(Character.toString(c)))
              .iterator();
      case Sequence sequence -> sequence.values().iterator();
      case Dict dict -> dict.entries().keySet().iterator();
      case View view -> view.values().iterator();
      case Once once -> once.values();
      case Undefined _ -> Collections.emptyIterator();
      case None _, Numeric _, Opaque _ ->
          throw Failure.of("a value of type %s has no items to go through", value.type());
    };
  }

  static List<Value> toList(Value value, Work work) {
    if (value instanceof Sequence sequence) {
      work.spendOnItems(sequence.values().size());
      return sequence.values();
    }
    var list = new ArrayList<Value>();
    for (var values = over(value); values.hasNext(); ) {
      Work.checkItems(list.size());
      work.spend(1);
      list.add(values.next());
    }
    return list;
  }

  /// How many items there are, if that is known beforehand.
  static int length(Value value) {
    return switch (value) {
      case Text text -> text.length();
      case Sequence sequence -> sequence.values().size();
      case Dict dict -> dict.entries().size();
      case View view -> view.values().size();
      case Undefined _ -> 0;
      case None _, Numeric _, Once _, Opaque _ ->
          throw Failure.of("a value of type %s has no length", value.type());
    };
  }
}
