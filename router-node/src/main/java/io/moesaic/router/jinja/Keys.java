package io.moesaic.router.jinja;

import io.moesaic.router.jinja.Value.Dict;
import io.moesaic.router.jinja.Value.Items;
import io.moesaic.router.jinja.Value.View;

/// Which values may be keys of dicts: those that Python never changes.
final class Keys {
  private Keys() {}

  static boolean isKey(Value value) {
    return switch (value) {
      case Dict _, View _ -> false;
      case Items items ->
          items.kind() != Items.Kind.LIST && items.values().stream().allMatch(Keys::isKey);
      case Value _ -> true;
    };
  }

  static Value check(Value value) {
    if (!isKey(value)) {
      throw Failure.of("a value of type %s cannot be a key", value.type());
    }
    return value;
  }
}
