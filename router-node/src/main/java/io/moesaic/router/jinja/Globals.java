package io.moesaic.router.jinja;

import io.moesaic.router.jinja.Value.Dict;
import io.moesaic.router.jinja.Value.Function;
import io.moesaic.router.jinja.Value.Int;
import io.moesaic.router.jinja.Value.Items;
import io.moesaic.router.jinja.Value.Namespace;
import java.time.Clock;
import java.time.LocalDateTime;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Map;

/// The functions that every template may call.
final class Globals {
  /// As in Jinja's sandbox.
  private static final int MAX_RANGE = 100_000;

  private Globals() {}

  static Map<String, Value> of(Clock clock) {
    return Map.of(
        "range", (Function) Globals::range,
        "dict", (Function) (arguments, work) -> new Dict(entries("dict", arguments)),
        "namespace",
            (Function) (arguments, work) -> new Namespace(entries("namespace", arguments)),
        "raise_exception", (Function) Globals::raise,
        "strftime_now", (Function) (arguments, work) -> now(arguments, clock, work));
  }

  private static Value range(Arguments arguments, Work work) {
    var given = arguments.bind("range", "start", "stop", "step");
    var one = arguments.positional().size() == 1;
    var start = one ? 0 : given.integer("start");
    var stop = given.integer(one ? "start" : "stop");
    var step = given.integer("step", 1);
    if (step == 0) {
      throw new Failure("the step of a range must not be 0");
    }
    var values = new ArrayList<Value>();
    for (var value = start; step > 0 ? value < stop : value > stop; value += step) {
      if (values.size() == MAX_RANGE) {
        throw Failure.of("range(%d, %d, %d) is longer than %d", start, stop, step, MAX_RANGE);
      }
      values.add(new Int(value));
    }
    work.spend(values.size());
    return new Items(Items.Kind.RANGE, values);
  }

  /// Those of a dict, then the named ones.
  private static Map<String, Value> entries(String callee, Arguments arguments) {
    var entries = new LinkedHashMap<String, Value>();
    var given = new Arguments(arguments.positional(), Map.of()).bind(callee, "dict").find("dict");
    if (given instanceof Dict(var others)) {
      entries.putAll(others);
    } else if (given != null) {
      throw Failure.of("%s() needs a dict, not a value of type %s", callee, given.type());
    }
    entries.putAll(arguments.named());
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
