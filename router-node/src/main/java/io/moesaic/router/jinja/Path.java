package io.moesaic.router.jinja;

import io.moesaic.router.jinja.Value.None;
import io.moesaic.router.jinja.Value.Text;
import io.moesaic.router.jinja.Value.Undefined;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// What filters know as `attribute`: keys with dots between them, such as `function.name`.
///
/// @param fallback for what is not there; none for no fallback
record Path(List<Value> keys, Value fallback) {
  static Path of(Value attribute) {
    return switch (attribute) {
      case None _ -> new Path(List.of(), None.NONE);
      case Text(var text) -> of(text);
      case Value key -> new Path(List.of(key), None.NONE);
    };
  }

  private static Path of(String text) {
    var keys = new ArrayList<Value>();
    for (var key : text.split("\\.", -1)) {
      var isPlace = !key.isEmpty() && key.chars().allMatch(c -> c >= '0' && c <= '9');
      keys.add(isPlace ? Literals.integer(key.replaceFirst("^0+(?=.)", "")) : new Text(key));
    }
    return new Path(keys, None.NONE);
  }

  /// Paths with commas between them.
  static List<Path> several(Value attribute) {
    return attribute instanceof Text(var text)
        ? Arrays.stream(text.split(",", -1)).map(Path::of).toList()
        : List.of(of(attribute));
  }

  Path orElse(Value other) {
    return new Path(keys, other);
  }

  Value follow(Value value) {
    var result = value;
    for (var key : keys) {
      result = Members.item(result, key);
      if (result instanceof Undefined && fallback != None.NONE) {
        result = fallback;
      }
    }
    return result;
  }
}
