package io.moesaic.router.jinja;

import java.util.Collection;

/// The sizes of what holds values.
final class Sizes {
  private Sizes() {}

  static long weight(Collection<Value> values) {
    var sum = 1L;
    for (var value : values) {
      sum += value.weight();
    }
    return sum;
  }

  static int depth(Collection<Value> values) {
    var deepest = 0;
    for (var value : values) {
      deepest = Math.max(deepest, value.depth());
    }
    return deepest + 1;
  }
}
