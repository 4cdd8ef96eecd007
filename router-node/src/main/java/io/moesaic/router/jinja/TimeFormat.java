package io.moesaic.router.jinja;

import io.moesaic.router.jinja.Value.Text;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/// Python's `strftime`, in English. `-` after the percent sign drops leading zeros and blanks.
final class TimeFormat {
  private TimeFormat() {}

  static Text format(String format, LocalDateTime time, Work work) {
    var output = new Output(work);
    for (var at = 0; at < format.length(); at++) {
      var c = format.charAt(at);
      var unpadded = c == '%' && format.startsWith("-", at + 1);
      var code = at + (unpadded ? 2 : 1);
      var field = c == '%' && code < format.length() ? field(format.charAt(code), time) : null;
      if (field == null) {
        // what is no code stays as it is
        output.append(Character.toString(c));
        continue;
      }
      output.append(unpadded ? field.replaceFirst("^[0 ](?=.)", "") : field);
      at = code;
    }
    return output.toText();
  }

  private static @Nullable String field(char code, LocalDateTime time) {
    return switch (code) {
      case 'Y' -> pattern("uuuu", time);
      case 'y' -> pattern("uu", time);
      case 'm' -> pattern("MM", time);
      case 'B' -> pattern("MMMM", time);
      case 'b', 'h' -> pattern("MMM", time);
      case 'd' -> pattern("dd", time);
      case 'e' -> pattern("ppd", time);
      case 'j' -> pattern("DDD", time);
      case 'A' -> pattern("EEEE", time);
      case 'a' -> pattern("EEE", time);
      case 'u' -> Integer.toString(time.getDayOfWeek().getValue());
      case 'w' -> Integer.toString(time.getDayOfWeek().getValue() % 7);
      case 'H' -> pattern("HH", time);
      case 'I' -> pattern("hh", time);
      case 'M' -> pattern("mm", time);
      case 'S' -> pattern("ss", time);
      case 'f' -> pattern("SSSSSS", time);
      case 'p' -> pattern("a", time);
      case 'F' -> pattern("uuuu-MM-dd", time);
      case 'D', 'x' -> pattern("MM/dd/uu", time);
      case 'T', 'X' -> pattern("HH:mm:ss", time);
      case 'R' -> pattern("HH:mm", time);
      case 'c' -> pattern("EEE MMM ppd HH:mm:ss uuuu", time);
      // the time has no zone
      case 'Z', 'z' -> "";
      case 'n' -> "\n";
      case 't' -> "\t";
      case '%' -> "%";
      default -> null;
    };
  }

  private static String pattern(String pattern, LocalDateTime time) {
    return DateTimeFormatter.ofPattern(pattern, Locale.ENGLISH).format(time);
  }
}
