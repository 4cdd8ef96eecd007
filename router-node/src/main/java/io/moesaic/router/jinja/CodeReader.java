package io.moesaic.router.jinja;

import io.moesaic.router.jinja.Token.Kind;
import java.util.List;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/// Reads the tokens inside one tag: names, numbers, strings and operators.
final class CodeReader {
  // the longer ones first
  private static final List<String> OPERATORS =
      List.of(
          "//", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}",
          ">", "<", "=", ".", ":", "|", ",");

  private static final Pattern INTEGER = Pattern.compile("0|[1-9][0-9]*+");
  private static final Pattern FLOAT =
      Pattern.compile("[0-9]++(\\.[0-9]++([eE][+-]?[0-9]++)?|[eE][+-]?[0-9]++)");

  private static final String ESCAPED = "\\'\"bfnrt";
  private static final String MEANT = "\\'\"\b\f\n\r\t";

  private final String source;
  private int end;

  CodeReader(String source) {
    this.source = source;
  }

  /// Where the last token ended.
  int end() {
    return end;
  }

  Token read(int from, int line) {
    var first = source.charAt(from);
    end = from;
    if (first == '\'' || first == '"') {
      return new Token(Kind.STRING, string(first), line);
    }
    var kind = readNumberOrName(from);
    if (kind == null) {
      kind = Kind.OPERATOR;
      readOperator();
    }
    return new Token(kind, source.substring(from, end), line);
  }

  private @Nullable Kind readNumberOrName(int from) {
    // 'a.0.1' is two subscripts and no fraction
    if (source.charAt(from - 1) != '.' && reads(FLOAT)) {
      return Kind.FLOAT;
    }
    if (reads(INTEGER)) {
      return Kind.INTEGER;
    }
    while (end < source.length() && isNamePart(source.charAt(end))) {
      end++;
    }
    return end > from ? Kind.NAME : null;
  }

  private boolean reads(Pattern pattern) {
    var matcher = pattern.matcher(source).region(end, source.length());
    var found = matcher.lookingAt();
    end = found ? matcher.end() : end;
    return found;
  }

  private static boolean isNamePart(char c) {
    return c == '_' || Character.isLetterOrDigit(c);
  }

  private void readOperator() {
    for (var operator : OPERATORS) {
      if (source.startsWith(operator, end)) {
        end += operator.length();
        return;
      }
    }
    throw Failure.of(
        "there is no use for the character '%s' here", Character.toString(source.codePointAt(end)));
  }

  /// What the string at `end` means.
  private String string(char quote) {
    var text = new StringBuilder();
    while (++end < source.length()) {
      var c = source.charAt(end);
      if (c == quote) {
        end++;
        return text.toString();
      }
      if (c == '\\' && end + 1 < source.length()) {
        end++;
        escape(source.charAt(end), text);
      } else {
        text.append(c);
      }
    }
    throw Failure.of("a string is not closed by %s", quote);
  }

  private void escape(char escape, StringBuilder text) {
    var known = ESCAPED.indexOf(escape);
    if (known >= 0) {
      text.append(MEANT.charAt(known));
    } else if (escape == 'x' || escape == 'u') {
      var digits = escape == 'x' ? 2 : 4;
      try {
        text.append((char) Integer.parseUnsignedInt(source, end + 1, end + 1 + digits, 16));
      } catch (NumberFormatException | IndexOutOfBoundsException _) {
        throw Failure.of(
            "the escape '\\%s' in a string needs %d hexadecimal digits", escape, digits);
      }
      end += digits;
    } else if ("avNU\n".indexOf(escape) >= 0 || Character.isDigit(escape)) {
      throw Failure.of("the escape '\\%s' in a string is not supported; use '\\u'", escape);
    } else {
      text.append('\\').append(escape);
    }
  }
}
