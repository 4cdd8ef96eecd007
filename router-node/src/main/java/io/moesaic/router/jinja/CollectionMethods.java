package io.moesaic.router.jinja;

import io.moesaic.router.jinja.Value.Dict;
import io.moesaic.router.jinja.Value.Function;
import io.moesaic.router.jinja.Value.Items;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The methods of dicts, lists and tuples. None of them changes what it is called on.
final class CollectionMethods {
  private static final Set<String> UNSUPPORTED =
      Set.of(
          "append",
          "clear",
          "copy",
          "extend",
          "fromkeys",
          "insert",
          "pop",
          "popitem",
          "remove",
          "setdefault",
          "sort",
          "update");

  private CollectionMethods() {}

  static @Nullable Value find(Dict dict, String name) {
    return switch (name) {
      case "get" -> (Function) (arguments, _) -> get(dict, arguments);
      case "keys" -> view(name, Items.Kind.KEYS, dict);
      case "values" -> view(name, Items.Kind.VALUES, dict);
      case "items" -> view(name, Items.Kind.ENTRIES, dict);
      default -> unsupported(dict, name);
    };
  }

  static @Nullable Value find(Items items, String name) {
    if (!items.hasPlaces()) {
      return null;
    }
    return switch (name) {
      case "index" -> (Function) (arguments, work) -> index(items, arguments, work);
      case "count" -> (Function) (arguments, work) -> count(items, arguments, work);
      default -> unsupported(items, name);
    };
  }

  /// A dict may have such a key, which the method of Python hides.
  private static @Nullable Value unsupported(Value self, String name) {
    return UNSUPPORTED.contains(name)
        ? new Value.Undefined(
            "the method %s() of a %s is not supported".formatted(name, self.type()))
        : null;
  }

  private static Value get(Dict self, Arguments arguments) {
    var given = arguments.bind("get", "key", "default");
    var value = given.get("key") instanceof Value.Text(var key) ? self.entries().get(key) : null;
    return value != null ? value : given.get("default", Value.None.NONE);
  }

  private static Function view(String name, Items.Kind kind, Dict dict) {
    return (arguments, work) -> {
      arguments.bind(name);
      return new Items(kind, view(kind, dict, work));
    };
  }

  /// @param kind which part of the dict
  static List<Value> view(Items.Kind kind, Dict dict, Work work) {
    work.spend(dict.entries().size());
    var values = new ArrayList<Value>();
    for (var entry : dict.entries().entrySet()) {
      var key = new Value.Text(entry.getKey());
      values.add(
          switch (kind) {
            case KEYS -> key;
            case VALUES -> entry.getValue();
            case ENTRIES, LIST, TUPLE, RANGE ->
                new Items(Items.Kind.TUPLE, List.of(key, entry.getValue()));
          });
    }
    return values;
  }

  private static Value index(Items self, Arguments arguments, Work work) {
    var wanted = arguments.bind("index", "value").get("value");
    for (var i = 0; i < self.values().size(); i++) {
      if (Comparison.equal(self.values().get(i), wanted, work)) {
        return new Value.Int(i);
      }
    }
    throw new Failure("index() does not find the value in the list");
  }

  private static Value count(Items self, Arguments arguments, Work work) {
    var wanted = arguments.bind("count", "value").get("value");
    return new Value.Int(
        self.values().stream().filter(item -> Comparison.equal(item, wanted, work)).count());
  }
}
