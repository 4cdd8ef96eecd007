package io.moesaic.router.jinja;

import io.moesaic.router.jinja.Numeric.Bool;
import io.moesaic.router.jinja.Numeric.Int;
import io.moesaic.router.jinja.Value.Function;
import io.moesaic.router.jinja.Value.Opaque;
import io.moesaic.router.jinja.Value.Undefined;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.Iterator;
import org.jspecify.annotations.Nullable;

/// What a template knows as `loop`. Looks ahead only when asked to, as the condition of a loop may
/// depend on what its body sets.
final class Loop implements Opaque {
  private final Iterator<Value> items;
  private final Deque<Value> ahead = new ArrayDeque<>();
  private int index = -1;
  private @Nullable Value previous;
  private @Nullable Value current;
  private @Nullable Arguments lastChanged;

  Loop(Iterator<Value> items) {
    this.items = items;
  }

  /// @return null after the last
  @Nullable Value next() {
    var next = ahead.isEmpty() && items.hasNext() ? items.next() : ahead.poll();
    index++;
    previous = current;
    current = next;
    return next;
  }

  @Override
  public @Nullable Value attribute(String name) {
    return switch (name) {
      case "index" -> new Int(index + 1);
      case "index0" -> new Int(index);
      case "revindex" -> new Int(length() - index);
      case "revindex0" -> new Int(length() - index - 1);
      case "first" -> new Bool(index == 0);
      case "last" -> new Bool(peek() == null);
      case "length" -> new Int(length());
      case "depth" -> new Int(1);
      case "depth0" -> new Int(0);
      case "previtem" -> orAbsent(previous, "no item is before the first");
      case "nextitem" -> orAbsent(peek(), "no item is after the last");
      case "cycle" -> (Function) (arguments, _) -> cycle(arguments);
      case "changed" -> (Function) (arguments, _) -> changed(arguments);
      default -> null;
    };
  }

  private static Value orAbsent(@Nullable Value item, String complaint) {
    return item != null ? item : Undefined.because(complaint);
  }

  private @Nullable Value peek() {
    if (ahead.isEmpty() && items.hasNext()) {
      ahead.add(items.next());
    }
    return ahead.peek();
  }

  private int length() {
    items.forEachRemaining(ahead::add);
    return index + 1 + ahead.size();
  }

  private Value cycle(Arguments arguments) {
    var choices = arguments.positional();
    if (choices.isEmpty()) {
      throw new Failure("loop.cycle needs something to choose from");
    }
    return choices.get(index % choices.size());
  }

  private Value changed(Arguments arguments) {
    var changed = !arguments.equals(lastChanged);
    lastChanged = arguments;
    return new Bool(changed);
  }

  @Override
  public String type() {
    return "LoopContext";
  }
}
