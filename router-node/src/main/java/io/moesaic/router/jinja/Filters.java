package io.moesaic.router.jinja;

import io.moesaic.router.jinja.Numeric.Bool;
import io.moesaic.router.jinja.Numeric.Int;
import io.moesaic.router.jinja.Numeric.Whole;
import io.moesaic.router.jinja.Value.Dict;
import io.moesaic.router.jinja.Value.None;
import io.moesaic.router.jinja.Value.Once;
import io.moesaic.router.jinja.Value.Text;
import io.moesaic.router.jinja.Value.Undefined;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// The filters by their names. Those of texts, lists and numbers are in classes of their own.
final class Filters {
  /// One filter: what it makes of a value.
  @FunctionalInterface
  interface Filter {
    Value apply(Value input, Arguments arguments, Work work);
  }

  private static final Map<String, Filter> BY_NAME = new HashMap<>();

  static {
    BY_NAME.putAll(TextFilters.BY_NAME);
    BY_NAME.putAll(ListFilters.BY_NAME);
    BY_NAME.putAll(ChoiceFilters.BY_NAME);
    BY_NAME.putAll(NumberFilters.BY_NAME);
    BY_NAME.put("default", Filters::orDefault);
    BY_NAME.put("d", Filters::orDefault);
    BY_NAME.put("length", Filters::length);
    BY_NAME.put("count", Filters::length);
    BY_NAME.put("items", Filters::items);
    BY_NAME.put("attr", Filters::attribute);
    BY_NAME.put("tojson", Filters::toJson);
  }

  private Filters() {}

  static boolean exists(String name) {
    return BY_NAME.containsKey(name);
  }

  static Value apply(String name, Value input, Arguments arguments, Work work) {
    var filter = BY_NAME.get(name);
    if (filter == null) {
      throw Failure.of("there is no filter '%s'", name);
    }
    return filter.apply(input, arguments, work);
  }

  private static Value orDefault(Value input, Arguments arguments, Work work) {
    var given = arguments.bind("default", "default_value", "boolean");
    return input instanceof Undefined || (given.truth("boolean") && !input.truth())
        ? given.get("default_value", Text.EMPTY)
        : input;
  }

  private static Value length(Value input, Arguments arguments, Work work) {
    arguments.bind("length");
    return new Int(Iteration.length(input));
  }

  private static Value items(Value input, Arguments arguments, Work work) {
    arguments.bind("items");
    return switch (input) {
      case Dict dict -> new Once(DictMethods.pairs(dict).iterator());
      case Undefined _ -> new Once(List.<Value>of().iterator());
      case Value other ->
          throw Failure.of("items needs a dict, not a value of type %s", other.type());
    };
  }

  private static Value attribute(Value input, Arguments arguments, Work work) {
    var name = arguments.bind("attr", "name").text("name");
    return input instanceof Dict dict && dict.find(name) != null && !DictMethods.has(name)
        ? new Undefined(name, input, null)
        : Members.attribute(input, name);
  }

  private static Value toJson(Value input, Arguments arguments, Work work) {
    var given = arguments.bind("tojson", "ensure_ascii", "indent", "separators", "sort_keys");
    var indent =
        switch (given.get("indent", None.NONE)) {
          case None _ -> null;
          case Whole width -> " ".repeat(Work.checkLength(1, width.integer()));
          case Text text -> text.content();
          case Value other ->
              throw Failure.of("the indent of tojson must not be of type %s", other.type());
        };
    var separators =
        given.has("separators")
            ? Iteration.toList(given.get("separators"), work)
            : List.<Value>of(new Text(indent == null ? ", " : ","), new Text(": "));
    if (separators.size() == 2
        && separators.getFirst() instanceof Text(var betweenItems)
        && separators.getLast() instanceof Text(var afterKeys)) {
      return JsonWriter.write(
          input,
          new JsonWriter.Style(
              given.get("ensure_ascii", new Bool(false)).truth(),
              indent,
              betweenItems,
              afterKeys,
              given.truth("sort_keys")),
          work);
    }
    throw new Failure("the separators of tojson are two texts, as (', ', ': ')");
  }
}
