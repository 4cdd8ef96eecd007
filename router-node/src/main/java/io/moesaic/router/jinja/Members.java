package io.moesaic.router.jinja;

import io.moesaic.router.jinja.Numeric.Whole;
import io.moesaic.router.jinja.Value.Dict;
import io.moesaic.router.jinja.Value.Items;
import io.moesaic.router.jinja.Value.None;
import io.moesaic.router.jinja.Value.Once;
import io.moesaic.router.jinja.Value.Opaque;
import io.moesaic.router.jinja.Value.Range;
import io.moesaic.router.jinja.Value.Sequence;
import io.moesaic.router.jinja.Value.Text;
import io.moesaic.router.jinja.Value.Undefined;
import io.moesaic.router.jinja.Value.View;
import java.util.ArrayList;
import org.jspecify.annotations.Nullable;

/// What a dot and what brackets give. Either falls back to the other, so that `message.role` and
/// `message['role']` are mostly the same; they differ where a key is named like a method.
final class Members {
  private Members() {}

  /// `owner.name`
  static Value attribute(Value owner, String name) {
    if (owner instanceof Undefined undefined) {
      throw undefined.failure();
    }
    var method = ownAttribute(owner, name);
    if (method != null) {
      return method;
    }
    var item = owner instanceof Dict dict ? dict.find(name) : null;
    return item != null ? item : new Undefined(name, owner, null);
  }

  /// `owner[key]`
  static Value item(Value owner, Value key) {
    if (owner instanceof Undefined undefined) {
      throw undefined.failure();
    }
    var item = ownItem(owner, key);
    if (item == null && key instanceof Text name) {
      item = ownAttribute(owner, name.content());
    }
    return item != null ? item : new Undefined(name(key), owner, null);
  }

  private static String name(Value key) {
    return switch (key) {
      case Text text -> text.content();
      case Whole place -> Long.toString(place.integer());
      case Value other -> other.type();
    };
  }

  private static @Nullable Value ownAttribute(Value owner, String name) {
    if (name.startsWith("__")) {
      return Undefined.because("a template may not use '" + name + "'");
    }
    return switch (owner) {
      case Text text -> TextMethods.find(text, name);
      case Dict dict -> DictMethods.find(dict, name);
      case Items items -> ListMethods.find(items, name);
      case Opaque opaque -> opaque.attribute(name);
      case None _, Numeric _, Range _, View _, Once _, Undefined _ -> null;
    };
  }

  private static @Nullable Value ownItem(Value owner, Value key) {
    return switch (owner) {
      case Dict dict -> Keys.isKey(key) ? dict.entries().get(key) : null;
      case Text text when key instanceof Whole place -> character(text, place.integer());
      case Sequence sequence when key instanceof Whole place -> {
        var values = sequence.values();
        var index = place.integer() + (place.integer() < 0 ? values.size() : 0);
        yield index >= 0 && index < values.size() ? values.get((int) index) : null;
      }
      case Text _, Sequence _, None _, Numeric _, View _, Once _, Undefined _, Opaque _ -> null;
    };
  }

  private static @Nullable Value character(Text text, long place) {
    var length = text.length();
    var index = place + (place < 0 ? length : 0);
    if (index < 0 || index >= length) {
      return null;
    }
    var at = text.content().offsetByCodePoints(0, (int) index);
    return new Text(Character.toString(text.content().codePointAt(at)));
  }

  /// `owner[start:stop:step]`
  static Value slice(Value owner, Value start, Value stop, Value step, Work work) {
    if (owner instanceof Undefined undefined) {
      throw undefined.failure();
    }
    if (!(owner instanceof Text || owner instanceof Sequence)) {
      throw Failure.of("a value of type %s cannot be sliced", owner.type());
    }
    var slice = Slices.of(Iteration.length(owner), start, stop, step);
    return switch (owner) {
      case Text text -> Slices.apply(slice, text, work);
      case Range range ->
          new Range(
              range.start() + slice.start() * range.step(),
              range.start() + slice.stop() * range.step(),
              range.step() * slice.step());
      case Items items -> {
        work.spendOnItems(slice.values().size());
        var values = new ArrayList<Value>();
        for (var place : slice.values()) {
          values.add(items.values().get((int) ((Whole) place).integer()));
        }
        yield Items.of(
            items.kind() == Items.Kind.LIST ? Items.Kind.LIST : Items.Kind.TUPLE, values);
      }
      case None _, Numeric _, Dict _, View _, Once _, Undefined _, Opaque _ ->
          throw new AssertionError(owner.type());
    };
  }
}
