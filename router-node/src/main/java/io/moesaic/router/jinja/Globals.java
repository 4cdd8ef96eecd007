package io.moesaic.router.jinja;

import io.moesaic.router.jinja.Value.Dict;
import io.moesaic.router.jinja.Value.Function;
import io.moesaic.router.jinja.Value.Text;
import io.moesaic.router.jinja.Value.Undefined;
import java.time.Clock;
import java.time.LocalDateTime;
import java.util.LinkedHashMap;
import java.util.Map;

/// The functions that every template may call.
final class Globals {
  private Globals() {}

  static Map<String, Value> of(Clock clock) {
    return Map.of(
        "range", (Function) (arguments, _) -> range(arguments),
        "dict", (Function) Globals::dict,
        "namespace", (Function) Globals::namespace,
        "raise_exception", (Function) Globals::raise,
        "strftime_now", (Function) (arguments, work) -> now(arguments, clock, work));
  }

  private static Value range(Arguments arguments) {
    var given = arguments.bind("range", "start", "stop", "step");
    var start = given.integer("start");
    return arguments.positional().size() == 1
        ? Ranges.of(0, start, 1)
        : Ranges.of(start, given.integer("stop"), given.integer("step", 1));
  }

  private static Value dict(Arguments arguments, Work work) {
    return Dict.of(entries("dict", arguments, work));
  }

  private static Value namespace(Arguments arguments, Work work) {
    var namespace = new Namespace();
    entries("namespace", arguments, work)
        .forEach((name, value) -> namespace.set(Printer.print(name, work), value));
    return namespace;
  }

  /// Those of a dict or of pairs, then the named ones.
  private static Map<Value, Value> entries(String callee, Arguments arguments, Work work) {
    var positional = new Arguments(arguments.positional(), Map.of()).bind(callee, "entries");
    var entries = new LinkedHashMap<Value, Value>();
    switch (positional.get("entries", Dict.of(Map.of()))) {
      case Undefined undefined -> throw undefined.failure();
      case Dict dict -> entries.putAll(dict.entries());
      case Value pairs ->
          Iteration.toList(pairs, work)
              .forEach(
                  item -> {
                    var pair = Iteration.toList(item, work);
                    if (pair.size() != 2) {
                      throw Failure.of("%s needs pairs, not %d values", callee, pair.size());
                    }
                    entries.put(Keys.check(pair.getFirst()), pair.getLast());
                  });
    }
    arguments.named().forEach((name, value) -> entries.put(new Text(name), value));
    return entries;
  }

  private static Value raise(Arguments arguments, Work work) {
    var message = arguments.bind("raise_exception", "message").get("message");
    throw new Failure.Refusal(Printer.print(message, work));
  }

  private static Value now(Arguments arguments, Clock clock, Work work) {
    var format = arguments.bind("strftime_now", "format").text("format");
    return TimeFormat.format(format, LocalDateTime.now(clock), work);
  }
}
