package io.moesaic.router.jinja;

/// What Python takes for whitespace. All of it is in the basic plane, so that it can be looked for
/// in UTF-16.
final class Whitespace {
  private Whitespace() {}

  static boolean isSpace(int c) {
    return (c >= '\t' && c <= '\r')
        || (c >= 0x1c && c <= ' ')
        || c == 0x85
        || c == 0x2028
        || c == 0x2029
        || Character.getType(c) == Character.SPACE_SEPARATOR;
  }

  static boolean isLineBreak(char c) {
    return isSpace(c)
        && c != '\t'
        && c != 0x1f
        && Character.getType(c) != Character.SPACE_SEPARATOR;
  }

  /// @return where whitespace that begins at a place ends
  static int skip(String text, int from) {
    var at = from;
    while (at < text.length() && isSpace(text.charAt(at))) {
      at++;
    }
    return at;
  }

  static String stripEnd(String text) {
    var end = text.length();
    while (end > 0 && isSpace(text.charAt(end - 1))) {
      end--;
    }
    return text.substring(0, end);
  }
}
