package io.moesaic.router.jinja;

import io.moesaic.router.jinja.Value.Bool;
import io.moesaic.router.jinja.Value.Dict;
import io.moesaic.router.jinja.Value.Int;
import io.moesaic.router.jinja.Value.Items;
import io.moesaic.router.jinja.Value.Real;
import io.moesaic.router.jinja.Value.Text;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What Java hands to a template.
final class JavaValues {
  private static final int MAX_DEPTH = 100;

  private JavaValues() {}

  static Value toValue(@Nullable Object object, int depth) {
    if (depth > MAX_DEPTH) {
      throw Failure.of("a variable nests deeper than %d levels", MAX_DEPTH);
    }
    return switch (object) {
      case null -> Value.None.NONE;
      case String text -> new Text(text);
      case Boolean truth -> new Bool(truth);
      case Integer number -> new Int(number);
      case Long number -> new Int(number);
      case Double number -> new Real(number);
      case List<?> list -> {
        var values = new ArrayList<Value>(list.size());
        list.forEach(item -> values.add(toValue(item, depth + 1)));
        yield Items.list(values);
      }
      case Map<?, ?> map -> {
        var entries = new LinkedHashMap<String, Value>();
        map.forEach(
            (key, value) ->
                entries.put(Dict.key(toValue(key, depth + 1)), toValue(value, depth + 1)));
        yield new Dict(entries);
      }
      case Object other ->
          throw Failure.of(
              "a variable is of type %s, which templates do not know", other.getClass().getName());
    };
  }
}
