package io.moesaic.router.jinja;

import io.moesaic.router.jinja.Token.Kind;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.List;

/// Reads the tokens inside one tag: names, numbers, strings and operators.
final class CodeReader {
  // the longer ones first
  private static final List<String> OPERATORS =
      List.of(
          "**", "//", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{",
          "}", ">", "<", "=", ".", ":", "|", ",", ";");

  private final String source;
  private final Deque<String> closingBrackets = new ArrayDeque<>();
  private int end;

  CodeReader(String source) {
    this.source = source;
  }

  boolean inBrackets() {
    return !closingBrackets.isEmpty();
  }

  /// Where the last token ended.
  int end() {
    return end;
  }

  Token read(int from, int line) {
    var first = source.codePointAt(from);
    if (isDigit(from)) {
      return number(from, line);
    }
    if (first == '_' || Character.isUnicodeIdentifierStart(first)) {
      end = from;
      while (end < source.length() && isNamePart(source.codePointAt(end))) {
        end += Character.charCount(source.codePointAt(end));
      }
      return new Token(Kind.NAME, source.substring(from, end), line);
    }
    if (first == '\'' || first == '"') {
      end = endOfString(from);
      return new Token(Kind.STRING, Literals.string(source.substring(from + 1, end - 1)), line);
    }
    for (var operator : OPERATORS) {
      if (source.startsWith(operator, from)) {
        end = from + operator.length();
        balance(operator);
        return new Token(Kind.OPERATOR, operator, line);
      }
    }
    throw Failure.of("there is no use for the character '%s' here", Character.toString(first));
  }

  private static boolean isNamePart(int codePoint) {
    return codePoint == '_' || Character.isUnicodeIdentifierPart(codePoint);
  }

  private int endOfString(int from) {
    var quote = source.charAt(from);
    for (var at = from + 1; at < source.length(); at++) {
      if (source.charAt(at) == '\\') {
        at++;
      } else if (source.charAt(at) == quote) {
        return at + 1;
      }
    }
    throw Failure.of("a string is not closed by %s", quote);
  }

  private void balance(String operator) {
    switch (operator) {
      case "(" -> closingBrackets.push(")");
      case "[" -> closingBrackets.push("]");
      case "{" -> closingBrackets.push("}");
      case ")", "]", "}" -> {
        var expected = closingBrackets.isEmpty() ? "" : closingBrackets.pop();
        if (!operator.equals(expected)) {
          throw Failure.of(
              expected.isEmpty() ? "'%s' closes nothing" : "'%s' stands where '%s' must",
              operator,
              expected);
        }
      }
      default -> {}
    }
  }

  private Token number(int from, int line) {
    end = digits(from);
    // 'a.0.1' is two subscripts and no fraction
    if (from == 0 || source.charAt(from - 1) != '.') {
      var whole = end;
      if (source.startsWith(".", end) && isDigit(end + 1)) {
        end = digits(end + 1);
      }
      if (source.startsWith("e", end) || source.startsWith("E", end)) {
        var sign = source.startsWith("-", end + 1) || source.startsWith("+", end + 1) ? 1 : 0;
        if (isDigit(end + 1 + sign)) {
          end = digits(end + 1 + sign);
        }
      }
      if (end > whole) {
        return new Token(Kind.FLOAT, source.substring(from, end).replace("_", ""), line);
      }
    }
    if (source.charAt(from) == '0') {
      end = endOfZero(from);
    }
    return new Token(Kind.INTEGER, source.substring(from, end).replace("_", ""), line);
  }

  /// The end of `0`, or of a number in another base such as `0x1f`.
  private int endOfZero(int from) {
    var base =
        from + 1 == source.length()
            ? 0
            : switch (source.charAt(from + 1)) {
              case 'b', 'B' -> 2;
              case 'o', 'O' -> 8;
              case 'x', 'X' -> 16;
              default -> 0;
            };
    var at = from + (base == 0 ? 1 : 2);
    var last = from + 1;
    while (at < source.length()) {
      var isDigit = base == 0 ? source.charAt(at) == '0' : isDigit(source.charAt(at), base);
      if (isDigit) {
        last = at + 1;
      } else if (source.charAt(at) != '_' || source.charAt(at - 1) == '_') {
        break;
      }
      at++;
    }
    return last;
  }

  private static boolean isDigit(char c, int base) {
    return c < 128 && Character.digit(c, base) >= 0;
  }

  private boolean isDigit(int at) {
    return at < source.length() && source.charAt(at) >= '0' && source.charAt(at) <= '9';
  }

  /// The end of digits, which single underscores may part.
  private int digits(int from) {
    var at = from;
    while (isDigit(at) || (source.startsWith("_", at) && isDigit(at + 1))) {
      at++;
    }
    return at;
  }
}
