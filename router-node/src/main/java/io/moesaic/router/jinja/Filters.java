package io.moesaic.router.jinja;

import static java.util.Map.entry;

import io.moesaic.router.jinja.Value.Int;
import io.moesaic.router.jinja.Value.None;
import io.moesaic.router.jinja.Value.Text;
import io.moesaic.router.jinja.Value.Undefined;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/// The filters by their names. Those that go through lists are in [ListFilters].
final class Filters {
  /// One filter: what it makes of a value.
  @FunctionalInterface
  interface Filter {
    Value apply(Value input, Arguments arguments, Work work);
  }

  private static final Pattern NUMERAL = Pattern.compile("([+-]?[0-9]+)(\\.[0-9]*)?");

  private static final Map<String, Filter> BY_NAME =
      new HashMap<>(
          Map.ofEntries(
              entry("string", Filters::string),
              // means that nothing in it needs to be escaped, which here nothing ever does
              entry("safe", Filters::string),
              entry("lower", method("lower")),
              entry("upper", method("upper")),
              entry("capitalize", method("capitalize")),
              entry("trim", method("strip")),
              entry("title", Filters::title),
              entry("replace", Filters::replace),
              entry("indent", Filters::indent),
              entry("int", Filters::toInt),
              entry("default", Filters::orDefault),
              entry("d", Filters::orDefault),
              entry("length", Filters::length),
              entry("count", Filters::length),
              entry("items", Filters::items),
              entry("tojson", Filters::toJson)));

  static {
    BY_NAME.putAll(ListFilters.BY_NAME);
  }

  private Filters() {}

  static Value apply(String name, Value input, Arguments arguments, Work work) {
    var filter = BY_NAME.get(name);
    if (filter == null) {
      throw Failure.of("there is no filter '%s'", name);
    }
    work.spendOn(input);
    return filter.apply(input, arguments, work);
  }

  private static Value string(Value input, Arguments arguments, Work work) {
    arguments.bind("string");
    return new Text(Printer.print(input, work));
  }

  /// The method of texts, of any value as Python prints it.
  private static Filter method(String name) {
    return (input, arguments, work) -> {
      var method = (Value.Function) Members.attribute(new Text(Printer.print(input, work)), name);
      return method.call(arguments, work);
    };
  }

  /// A word begins after a blank, a hyphen or an opening bracket.
  private static Value title(Value input, Arguments arguments, Work work) {
    arguments.bind("title");
    return new Text(
        TextMethods.title(
            Printer.print(input, work), c -> Whitespace.isSpace(c) || "-({[<".indexOf(c) >= 0));
  }

  private static Value replace(Value input, Arguments arguments, Work work) {
    var given = arguments.bind("replace", "old", "new", "count");
    return TextMethods.replace(
        Printer.print(input, work),
        Printer.print(given.get("old"), work),
        Printer.print(given.get("new"), work),
        given.integer("count", -1),
        work);
  }

  private static Value indent(Value input, Arguments arguments, Work work) {
    var given = arguments.bind("indent", "width", "first", "blank");
    if (!(input instanceof Text(var text))) {
      throw Failure.of("indent needs a text, not a value of type %s", input.type());
    }
    var indent =
        given.get("width", None.NONE) instanceof Text(var prefix)
            ? prefix
            : " ".repeat(Work.checkLength(1, given.integer("width", 4)));
    var output = work.new Output();
    var isFirst = true;
    // a newline at the end begins one more line
    for (var line : TextMethods.lines(text + "\n")) {
      output.append(isFirst ? "" : "\n");
      if (isFirst ? given.truth("first") : given.truth("blank") || !line.isEmpty()) {
        output.append(indent);
      }
      output.append(line);
      isFirst = false;
    }
    return output.toText();
  }

  /// A text that does not begin with digits gives the default.
  private static Value toInt(Value input, Arguments arguments, Work work) {
    var fallback = arguments.bind("int", "default").get("default", new Int(0));
    return switch (input) {
      case Value.Whole whole -> new Int(whole.integer());
      case Value.Real(var real) -> new Int((long) real);
      case Text(var text) -> toInt(text.strip(), fallback);
      case Undefined undefined -> throw undefined.failure();
      case Value _ -> fallback;
    };
  }

  private static Value toInt(String text, Value fallback) {
    var numeral = NUMERAL.matcher(text);
    try {
      if (numeral.matches()) {
        return new Int(Long.parseLong(numeral.group(1)));
      }
    } catch (NumberFormatException _) {
      throw Failure.of("the integer %s does not fit into 64 bits", text);
    }
    if (text.chars().anyMatch(Character::isDigit)) {
      throw Failure.of("int cannot tell whether '%s' is a number", text);
    }
    return fallback;
  }

  private static Value orDefault(Value input, Arguments arguments, Work work) {
    var given = arguments.bind("default", "default_value", "boolean");
    return input instanceof Undefined || (given.truth("boolean") && !input.truth())
        ? given.get("default_value", Text.EMPTY)
        : input;
  }

  private static Value length(Value input, Arguments arguments, Work work) {
    arguments.bind("length");
    return switch (input) {
      case Text text -> new Int(text.length());
      case Value.Items _, Value.Dict _, Undefined _ -> new Int(input.size());
      case Value other -> throw Failure.of("a value of type %s has no length", other.type());
    };
  }

  private static Value items(Value input, Arguments arguments, Work work) {
    arguments.bind("items");
    return switch (input) {
      case Value.Dict dict ->
          new Value.Once(CollectionMethods.view(Value.Items.Kind.ENTRIES, dict, work));
      case Undefined _ -> new Value.Once(List.of());
      case Value other ->
          throw Failure.of("items needs a dict, not a value of type %s", other.type());
    };
  }

  private static Value toJson(Value input, Arguments arguments, Work work) {
    var given = arguments.bind("tojson", "ensure_ascii", "indent", "separators", "sort_keys");
    var indent =
        switch (given.get("indent", None.NONE)) {
          case None _ -> null;
          case Text(var text) -> text;
          case Value _ -> " ".repeat(Work.checkLength(1, given.integer("indent")));
        };
    var separators =
        given.has("separators")
            ? Members.toList(given.get("separators"), work)
            : List.<Value>of(new Text(indent == null ? ", " : ","), new Text(": "));
    if (separators.size() == 2
        && separators.getFirst() instanceof Text(var betweenItems)
        && separators.getLast() instanceof Text(var afterKeys)) {
      var style =
          new Printer.Style(
              given.truth("ensure_ascii"),
              indent,
              betweenItems,
              afterKeys,
              given.truth("sort_keys"));
      return Printer.json(input, style, work);
    }
    throw new Failure("the separators of tojson are two texts, as (', ', ': ')");
  }
}
