package io.moesaic.router.jinja;

import static java.util.Map.entry;

import io.moesaic.router.jinja.Value.Text;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import java.util.Map;

/// Python's `strftime`, in English. `-` after the percent sign drops leading zeros and blanks.
final class TimeFormat {
  private static final Map<Character, String> PATTERNS =
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

  private TimeFormat() {}

  static Text format(String format, LocalDateTime time, Work work) {
    var output = work.new Output();
    for (var at = 0; at < format.length(); at++) {
      var c = format.charAt(at);
      if (c != '%') {
        output.append(Character.toString(c));
        continue;
      }
      var unpadded = format.startsWith("-", at + 1);
      at += unpadded ? 2 : 1;
      var pattern = at < format.length() ? PATTERNS.get(format.charAt(at)) : null;
      if (pattern == null) {
        throw Failure.of("the format of a time, '%s', has a code that is not supported", format);
      }
      var field = DateTimeFormatter.ofPattern(pattern, Locale.ENGLISH).format(time);
      output.append(unpadded ? field.replaceFirst("^[0 ](?=.)", "") : field);
    }
    return output.toText();
  }
}
