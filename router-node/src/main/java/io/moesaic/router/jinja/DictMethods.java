package io.moesaic.router.jinja;

import io.moesaic.router.jinja.Value.Dict;
import io.moesaic.router.jinja.Value.Items;
import io.moesaic.router.jinja.Value.None;
import io.moesaic.router.jinja.Value.View;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The methods of dicts.
final class DictMethods {
  private static final Map<String, Method<Dict>> METHODS =
      Map.of(
          "get", DictMethods::get,
          "keys", (self, arguments, work) -> view(View.Part.KEYS, self, arguments, work),
          "values", (self, arguments, work) -> view(View.Part.VALUES, self, arguments, work),
          "items", (self, arguments, work) -> view(View.Part.ITEMS, self, arguments, work),
          "copy", DictMethods::copy);

  private static final Set<String> CHANGING =
      Set.of("clear", "pop", "popitem", "setdefault", "update");

  private static final Set<String> OTHER = Set.of("fromkeys");

  private DictMethods() {}

  static @Nullable Value find(Dict dict, String name) {
    return Method.find(dict, name, METHODS, CHANGING, OTHER);
  }

  static boolean has(String name) {
    return METHODS.containsKey(name) || CHANGING.contains(name) || OTHER.contains(name);
  }

  private static Value get(Dict self, Arguments arguments, Work work) {
    var given = arguments.bind("get", "key", "default");
    var value = self.entries().get(Keys.check(given.get("key")));
    return value != null ? value : given.get("default", None.NONE);
  }

  private static Value copy(Dict self, Arguments arguments, Work work) {
    arguments.bind("copy");
    return self;
  }

  private static Value view(View.Part part, Dict self, Arguments arguments, Work work) {
    arguments.bind(part.method());
    work.spendOnItems(self.entries().size());
    return new View(
        part,
        self,
        switch (part) {
          case KEYS -> List.copyOf(self.entries().keySet());
          case VALUES -> List.copyOf(self.entries().values());
          case ITEMS -> pairs(self);
        });
  }

  static List<Value> pairs(Dict dict) {
    var pairs = new ArrayList<Value>();
    dict.entries().forEach((key, value) -> pairs.add(Items.tuple(List.of(key, value))));
    return pairs;
  }
}
