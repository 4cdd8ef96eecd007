package io.moesaic.router.jinja;

import io.moesaic.router.jinja.Value.Int;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/// What a template knows as `loop`. Looks ahead only when asked to, as the condition of a loop may
/// depend on what its body sets.
final class Loop implements Value.Opaque {
  private final Iterator<Value> items;
  private final Predicate<Value> wanted;
  private final Deque<Value> ahead = new ArrayDeque<>();
  private int index = -1;
  private @Nullable Value previous;
  private @Nullable Value current;

  /// @param wanted which items the loop passes over unless it holds
  Loop(Iterator<Value> items, Predicate<Value> wanted) {
    this.items = items;
    this.wanted = wanted;
  }

  /// @return null after the last
  @Nullable Value next() {
    lookAhead();
    index++;
    previous = current;
    current = ahead.poll();
    return current;
  }

  private @Nullable Value lookAhead() {
    while (ahead.isEmpty() && items.hasNext()) {
      addIfWanted(items.next());
    }
    return ahead.peek();
  }

  private void addIfWanted(Value item) {
    if (wanted.test(item)) {
      ahead.add(item);
    }
  }

  @Override
  public @Nullable Value attribute(String name) {
    return switch (name) {
      case "index" -> new Int(index + 1);
      case "index0" -> new Int(index);
      case "revindex" -> new Int(length() - index);
      case "revindex0" -> new Int(length() - index - 1);
      case "first" -> new Value.Bool(index == 0);
      case "last" -> new Value.Bool(lookAhead() == null);
      case "length" -> new Int(length());
      case "previtem" -> orUndefined(previous);
      case "nextitem" -> orUndefined(lookAhead());
      case "cycle", "changed", "depth", "depth0" ->
          throw Failure.of("loop.%s is not supported", name);
      default -> null;
    };
  }

  private static Value orUndefined(@Nullable Value item) {
    return item != null ? item : new Value.Undefined("a loop has no item there");
  }

  private int length() {
    items.forEachRemaining(this::addIfWanted);
    return index + 1 + ahead.size();
  }
}
