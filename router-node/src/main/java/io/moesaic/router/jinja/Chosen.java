package io.moesaic.router.jinja;

import java.util.Iterator;
import java.util.NoSuchElementException;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// Those of some values that are wanted, each looked at no sooner than it is asked for.
final class Chosen implements Iterator<Value> {
  private final Iterator<Value> values;
  private final Predicate<Value> wanted;
  private @Nullable Value next;

  Chosen(Iterator<Value> values, Predicate<Value> wanted) {
    this.values = values;
    this.wanted = wanted;
  }

  @Override
  public boolean hasNext() {
    while (next == null && values.hasNext()) {
      var value = values.next();
      if (wanted.test(value)) {
        next = value;
      }
    }
    return next != null;
  }

  @Override
  public Value next() {
    if (!hasNext() || next == null) {
      throw new NoSuchElementException();
    }
    var value = next;
    next = null;
    return value;
  }
}
