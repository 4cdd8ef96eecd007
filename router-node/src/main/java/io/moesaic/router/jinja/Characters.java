package io.moesaic.router.jinja;

/// What Python takes for whitespace, lines and order of characters. All whitespace is in the basic
/// plane, so that it can be looked for in UTF-16.
final class Characters {
  private Characters() {}

  static boolean isSpace(int c) {
    return (c >= '\t' && c <= '\r')
        || (c >= 0x1c && c <= ' ')
        || c == 0x85
        || c == 0x2028
        || c == 0x2029
        || Character.getType(c) == Character.SPACE_SEPARATOR;
  }

  static boolean isLineBreak(char c) {
    return (c >= '\n' && c <= '\r')
        || (c >= 0x1c && c <= 0x1e)
        || c == 0x85
        || c == 0x2028
        || c == 0x2029;
  }

  static int skipSpace(String text, int from) {
    var at = from;
    while (at < text.length() && isSpace(text.charAt(at))) {
      at++;
    }
    return at;
  }

  static boolean isBlank(String text, int from) {
    return skipSpace(text, from) == text.length();
  }

  static String stripEnd(String text) {
    var end = text.length();
    while (end > 0 && isSpace(text.charAt(end - 1))) {
      end--;
    }
    return text.substring(0, end);
  }

  /// The order of code points, which that of UTF-16 is not.
  static int compare(String a, String b) {
    for (var at = 0; at < Math.min(a.length(), b.length()); at++) {
      var x = a.charAt(at);
      var y = b.charAt(at);
      if (x != y) {
        var above = Boolean.compare(Character.isSurrogate(x), Character.isSurrogate(y));
        return above != 0 ? above : Character.compare(x, y);
      }
    }
    return Integer.compare(a.length(), b.length());
  }
}
