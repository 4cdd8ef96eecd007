package io.moesaic.router.jinja;

import io.moesaic.router.jinja.Numeric.Int;

/// What strings and integers in a template stand for.
final class Literals {
  private static final String ESCAPED = "\\'\"abfnrtv\n";
  private static final String MEANT = "\\'\"\u0007\b\f\n\r\t\u000b";

  private Literals() {}

  static Int integer(String digits) {
    var base =
        switch (digits.length() < 2 ? '0' : digits.charAt(1)) {
          case 'b', 'B' -> 2;
          case 'o', 'O' -> 8;
          case 'x', 'X' -> 16;
          default -> 10;
        };
    try {
      return new Int(Long.parseLong(digits, base == 10 ? 0 : 2, digits.length(), base));
    } catch (NumberFormatException _) {
      throw Failure.of("the integer %s does not fit into 64 bits", digits);
    }
  }

  /// @param quoted the characters between the quotes
  static String string(String quoted) {
    if (quoted.indexOf('\\') < 0) {
      return quoted;
    }
    var text = new StringBuilder();
    for (var at = 0; at < quoted.length(); ) {
      var c = quoted.charAt(at++);
      if (c != '\\') {
        text.append(c);
        continue;
      }
      var escape = quoted.charAt(at++);
      var known = ESCAPED.indexOf(escape);
      if (known >= 0) {
        // a backslash before the end of a line joins it with the next
        text.append(MEANT, Math.min(known, MEANT.length()), Math.min(known + 1, MEANT.length()));
      } else if (escape >= '0' && escape <= '7') {
        var end = at;
        while (end < at + 2
            && end < quoted.length()
            && "01234567".indexOf(quoted.charAt(end)) >= 0) {
          end++;
        }
        text.appendCodePoint(Integer.parseInt(quoted, at - 1, end, 8));
        at = end;
      } else if (escape == 'x' || escape == 'u' || escape == 'U') {
        var length = escape == 'x' ? 2 : escape == 'u' ? 4 : 8;
        text.appendCodePoint(codePoint(quoted, at, length));
        at += length;
      } else if (escape == 'N') {
        throw new Failure("characters by name, as '\\N{DASH}', are not supported; use '\\u2014'");
      } else {
        text.append('\\').append(escape);
      }
    }
    return text.toString();
  }

  private static int codePoint(String quoted, int from, int length) {
    var end = Math.min(from + length, quoted.length());
    var value = 0L;
    for (var at = from; at < end; at++) {
      value = value * 16 + Character.digit(quoted.charAt(at), 16);
      if (Character.digit(quoted.charAt(at), 16) < 0) {
        end = at;
      }
    }
    if (end < from + length || value > Character.MAX_CODE_POINT) {
      throw Failure.of(
          "the escape '\\%s' in a string needs %d hexadecimal digits of a character",
          quoted.substring(from - 1, Math.min(from + length, quoted.length())), length);
    }
    return (int) value;
  }
}
