package io.moesaic.router.jinja;

import io.moesaic.router.jinja.Numeric.Int;
import io.moesaic.router.jinja.Value.Items;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// The methods of lists and tuples.
final class ListMethods {
  private static final Map<String, Method<Items>> METHODS =
      Map.of("index", ListMethods::index, "count", ListMethods::count);

  private static final Set<String> CHANGING =
      Set.of("append", "clear", "extend", "insert", "pop", "remove", "reverse", "sort");

  private ListMethods() {}

  static @Nullable Value find(Items items, String name) {
    return switch (items.kind()) {
      case LIST -> Method.find(items, name, METHODS, CHANGING, Set.of("copy"));
      case TUPLE -> Method.find(items, name, METHODS, Set.of(), Set.of());
      case GROUP ->
          switch (name) {
            case "grouper" -> items.values().getFirst();
            case "list" -> items.values().getLast();
            default -> Method.find(items, name, METHODS, Set.of(), Set.of());
          };
    };
  }

  private static Value index(Items self, Arguments arguments, Work work) {
    var wanted = arguments.bind("index", "value").get("value");
    for (var i = 0; i < self.values().size(); i++) {
      work.spend(1);
      if (Comparison.equal(self.values().get(i), wanted, work)) {
        return new Int(i);
      }
    }
    throw new Failure("index() does not find the value in the list");
  }

  private static Value count(Items self, Arguments arguments, Work work) {
    var wanted = arguments.bind("count", "value").get("value");
    work.spend(self.values().size());
    return new Int(
        self.values().stream().filter(item -> Comparison.equal(item, wanted, work)).count());
  }
}
