package io.moesaic.router.jinja;

import io.moesaic.router.jinja.Value.Dict;
import io.moesaic.router.jinja.Value.Items;
import io.moesaic.router.jinja.Value.None;
import io.moesaic.router.jinja.Value.Numeric;
import io.moesaic.router.jinja.Value.Once;
import io.moesaic.router.jinja.Value.Opaque;
import io.moesaic.router.jinja.Value.Text;
import io.moesaic.router.jinja.Value.Undefined;
import io.moesaic.router.jinja.Value.Whole;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Iterator;
import java.util.List;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// What is in a value. A dot and brackets fall back to each other, so that `message.role` and
/// `message['role']` are mostly the same; they differ where a key is named like a method.
final class Members {
  private Members() {}

  /// `owner.name`
  static Value attribute(Value owner, String name) {
    var member = ownAttribute(owner, name);
    if (member == null && owner instanceof Dict(var entries)) {
      member = entries.get(name);
    }
    return member != null ? member : absent(owner, name);
  }

  /// `owner[key]`
  static Value item(Value owner, Value key, Work work) {
    var name =
        switch (key) {
          case Text(var text) -> text;
          case Whole place -> Long.toString(place.integer());
          case Value other -> other.type();
        };
    work.spendOnText(owner instanceof Text(var text) ? text.length() : 0);
    var item = ownItem(owner, key);
    if (item == null && key instanceof Text) {
      item = ownAttribute(owner, name);
    }
    return item != null ? item : absent(owner, name);
  }

  private static Undefined absent(Value owner, String name) {
    return new Undefined("a value of type %s has no '%s'".formatted(owner.type(), name));
  }

  private static @Nullable Value ownAttribute(Value owner, String name) {
    return switch (owner) {
      case Text text -> TextMethods.find(text, name);
      case Dict dict -> CollectionMethods.find(dict, name);
      case Items items -> CollectionMethods.find(items, name);
      case Opaque opaque -> opaque.attribute(name);
      case Undefined undefined -> throw undefined.failure();
      case None _, Numeric _, Once _ -> null;
    };
  }

  private static @Nullable Value ownItem(Value owner, Value key) {
    return switch (owner) {
      case Dict(var entries) when key instanceof Text(var name) -> entries.get(name);
      case Text(var text) when key instanceof Whole place -> {
        var at = place(place, ((Text) owner).length());
        yield at < 0 ? null : character(text.codePointAt(text.offsetByCodePoints(0, at)));
      }
      case Items items when items.hasPlaces() && key instanceof Whole place -> {
        var at = place(place, items.values().size());
        yield at < 0 ? null : items.values().get(at);
      }
      case Undefined undefined -> throw undefined.failure();
      case Text _, Items _, Dict _, None _, Numeric _, Once _, Opaque _ -> null;
    };
  }

  /// @return a place from 0, or -1 if there is none
  private static int place(Whole place, int length) {
    var at = place.integer() + (place.integer() < 0 ? length : 0);
    return at >= 0 && at < length ? (int) at : -1;
  }

  private static Value character(int codePoint) {
    return new Text(Character.toString(codePoint));
  }

  /// `owner[start:stop:step]`
  static Value slice(Value owner, Value start, Value stop, Value step, Work work) {
    work.spendOn(owner);
    return switch (owner) {
      case Text text -> {
        var codePoints = text.content().codePoints().toArray();
        var sliced = new StringBuilder();
        places(codePoints.length, start, stop, step)
            .forEach(place -> sliced.appendCodePoint(codePoints[place]));
        yield new Text(sliced.toString());
      }
      case Items items when items.hasPlaces() -> {
        var values = new ArrayList<Value>();
        places(items.values().size(), start, stop, step)
            .forEach(place -> values.add(items.values().get(place)));
        yield new Items(items.kind(), values);
      }
      case Undefined undefined -> throw undefined.failure();
      case Value other -> throw Failure.of("a value of type %s cannot be sliced", other.type());
    };
  }

  private static IntStream places(int length, Value start, Value stop, Value by) {
    var step = bound(by, 1);
    if (step == 0) {
      throw new Failure("the step of a slice must not be 0");
    }
    var lowest = step > 0 ? 0 : -1;
    var highest = lowest + length;
    var from = clamp(bound(start, step > 0 ? lowest : Long.MAX_VALUE), length, lowest, highest);
    // -1 means the last place only if the template says so
    var to =
        stop == None.NONE
            ? (step > 0 ? highest : lowest)
            : clamp(bound(stop, 0), length, lowest, highest);
    // beyond the length all steps are alike
    var stride = (int) Math.clamp(step, -length - 1, length + 1);
    return IntStream.iterate(
        from, place -> stride > 0 ? place < to : place > to, place -> place + stride);
  }

  private static int clamp(long bound, int length, int lowest, int highest) {
    return Math.clamp(bound < 0 ? bound + length : bound, lowest, highest);
  }

  private static long bound(Value value, long fallback) {
    return switch (value) {
      case None _ -> fallback;
      case Whole whole -> whole.integer();
      case Undefined undefined -> throw undefined.failure();
      case Value other ->
          throw Failure.of("the bounds of a slice are integers, not of type %s", other.type());
    };
  }

  static Iterator<Value> iterate(Value value) {
    return switch (value) {
      case Text(var text) -> text.codePoints().mapToObj(Members::character).iterator();
      case Items(_, var values) -> values.iterator();
      case Dict(var entries) -> entries.keySet().stream().<Value>map(Text::new).iterator();
      case Once once -> once.values();
      case Undefined _ -> Collections.emptyIterator();
      case None _, Numeric _, Opaque _ ->
          throw Failure.of("a value of type %s has no items to go through", value.type());
    };
  }

  static List<Value> toList(Value value, Work work) {
    if (value instanceof Items(_, var values)) {
      return values;
    }
    var list = new ArrayList<Value>();
    for (var values = iterate(value); values.hasNext(); ) {
      Work.checkItems(list.size());
      work.spend(1);
      list.add(values.next());
    }
    return list;
  }
}
