package io.moesaic.router.jinja;

import static java.util.Map.entry;

import io.moesaic.router.jinja.Value.Function;
import java.time.Clock;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Pattern;

/// The functions that every template may call.
final class Globals {
  /// As in Jinja's sandbox.
  private static final int MAX_RANGE = 100_000;

  /// Of `strftime_now`, in English.
  private static final Map<Character, String> TIME_PATTERNS =
      Map.ofEntries(
          entry('Y', "uuuu"),
          entry('y', "uu"),
          entry('m', "MM"),
          entry('B', "MMMM"),
          entry('b', "MMM"),
          entry('d', "dd"),
          entry('e', "ppd"),
          entry('j', "DDD"),
          entry('A', "EEEE"),
          entry('a', "EEE"),
          entry('H', "HH"),
          entry('I', "hh"),
          entry('M', "mm"),
          entry('S', "ss"),
          entry('p', "a"),
          entry('F', "uuuu-MM-dd"),
          entry('T', "HH:mm:ss"),
          entry('%', "'%'"));

  private static final Pattern TIME_CODE = Pattern.compile("%(-?)(.?)", Pattern.DOTALL);

  private Globals() {}

  static Map<String, Value> of(Clock clock) {
    return Map.of(
        "range", (Function) Globals::range,
        "dict", (Function) (arguments, work) -> new Value.Dict(entries("dict", arguments)),
        "namespace",
            (Function) (arguments, work) -> new Value.Namespace(entries("namespace", arguments)),
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
      values.add(new Value.Int(value));
    }
    work.spend(values.size());
    return new Value.Items(Value.Items.Kind.RANGE, values);
  }

  /// Those of a dict, then the named ones.
  private static Map<String, Value> entries(String callee, Arguments arguments) {
    var entries = new LinkedHashMap<String, Value>();
    var given = new Arguments(arguments.positional(), Map.of()).bind(callee, "dict").find("dict");
    if (given instanceof Value.Dict(var others)) {
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

  /// `-` after a percent sign drops leading zeros and blanks.
  private static Value now(Arguments arguments, Clock clock, Work work) {
    var format = arguments.bind("strftime_now", "format").text("format");
    var time = LocalDateTime.now(clock);
    var output = work.new Output();
    var codes = TIME_CODE.matcher(format);
    var written = 0;
    for (; codes.find(); written = codes.end()) {
      var pattern = codes.group(2).isEmpty() ? null : TIME_PATTERNS.get(codes.group(2).charAt(0));
      if (pattern == null) {
        throw Failure.of("strftime_now does not know the code '%s'", codes.group());
      }
      var field = DateTimeFormatter.ofPattern(pattern, Locale.ENGLISH).format(time);
      output
          .append(format, written, codes.start())
          .append(codes.group(1).isEmpty() ? field : field.replaceFirst("^[0 ](?=.)", ""));
    }
    return output.append(format, written, format.length()).toText();
  }
}
