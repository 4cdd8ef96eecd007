package io.moesaic.router.jinja;

import io.moesaic.router.jinja.Value.Opaque;
import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What templates use to carry values out of loops: its attributes can be set.
final class Namespace implements Opaque {
  private final Map<String, Value> attributes = new LinkedHashMap<>();

  @Override
  public @Nullable Value attribute(String name) {
    return attributes.get(name);
  }

  void set(String name, Value value) {
    attributes.put(name, value);
  }

  @Override
  public String type() {
    return "Namespace";
  }
}
