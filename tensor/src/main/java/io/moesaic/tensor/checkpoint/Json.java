package io.moesaic.tensor.checkpoint;

import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A JSON value of a checkpoint's files. The reader is strict (RFC 8259, no duplicate keys, bounded
/// depth), because what it reads decides where tensors lie; it does not write.
public sealed interface Json {
  /// An object.
  ///
  /// @param members in the order of the text
  record Fields(Map<String, Json> members) implements Json {}

  /// An array.
  record Items(List<Json> items) implements Json {}

  record Text(String value) implements Json {}

  /// A number as written, so that no integer loses digits.
  record Numeral(String text) implements Json {
    /// @throws NumberFormatException when it is not an integer of 64 bits
    public long asLong() {
      return Long.parseLong(text);
    }

    public double asDouble() {
      return Double.parseDouble(text);
    }
  }

  record Flag(boolean value) implements Json {}

  record Null() implements Json {}

  /// Text that is not JSON, with where and why.
  final class SyntaxException extends Exception {
    private static final long serialVersionUID = 1;

    SyntaxException(String problem, int at) {
      super(problem + " at character " + at);
    }
  }

  /// Reads one value that fills the whole text; trailing white space is allowed.
  static Json parse(byte[] utf8) throws SyntaxException {
    String text;
    try {
      text = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(utf8)).toString();
    } catch (CharacterCodingException _) {
      throw new SyntaxException("malformed UTF-8", 0);
    }
    return new Reader(text).document();
  }

  /// A recursive-descent reader over one text.
  final class Reader {
    private static final int MAX_DEPTH = 64;

    private final String text;
    private int at;
    private int depth;

    private Reader(String text) {
      this.text = text;
    }

    private Json document() throws SyntaxException {
      var value = value();
      skipSpace();
      if (at < text.length()) {
        throw error("text after the value");
      }
      return value;
    }

    private Json value() throws SyntaxException {
      skipSpace();
      return switch (peek()) {
        case '{' -> nested(this::object);
        case '[' -> nested(this::array);
        case '"' -> new Text(string());
        case 't' -> literal("true", new Flag(true));
        case 'f' -> literal("false", new Flag(false));
        case 'n' -> literal("null", new Null());
        default -> number();
      };
    }

    private interface Rule {
      Json read() throws SyntaxException;
    }

    private Json nested(Rule rule) throws SyntaxException {
      if (++depth > MAX_DEPTH) {
        throw error("more than " + MAX_DEPTH + " levels of nesting");
      }
      var value = rule.read();
      depth--;
      return value;
    }

    private Json object() throws SyntaxException {
      Map<String, Json> members = new LinkedHashMap<>();
      at++;
      if (!closes('}')) {
        do {
          skipSpace();
          int start = at;
          var key = string();
          skipSpace();
          expect(':');
          if (members.put(key, value()) != null) {
            throw new SyntaxException(
                "duplicate key \"" + CheckpointException.abbreviated(key) + "\"", start);
          }
        } while (continues('}'));
      }
      return new Fields(Collections.unmodifiableMap(members));
    }

    private Json array() throws SyntaxException {
      List<Json> items = new ArrayList<>();
      at++;
      if (!closes(']')) {
        do {
          items.add(value());
        } while (continues(']'));
      }
      return new Items(Collections.unmodifiableList(items));
    }

    private boolean closes(char bracket) throws SyntaxException {
      skipSpace();
      if (peek() == bracket) {
        at++;
        return true;
      }
      return false;
    }

    private boolean continues(char bracket) throws SyntaxException {
      if (closes(bracket)) {
        return false;
      }
      expect(',');
      return true;
    }

    private String string() throws SyntaxException {
      expect('"');
      var value = new StringBuilder();
      while (peek() != '"') {
        char c = text.charAt(at++);
        if (c < ' ') {
          throw error("control character in a string");
        }
        value.append(c == '\\' ? escape() : c);
      }
      at++;
      return value.toString();
    }

    private char escape() throws SyntaxException {
      char c = peek();
      at++;
      return switch (c) {
        case '"', '\\', '/' -> c;
        case 'b' -> '\b';
        case 'f' -> '\f';
        case 'n' -> '\n';
        case 'r' -> '\r';
        case 't' -> '\t';
        case 'u' -> unicode();
        default -> throw error("unknown escape in a string");
      };
    }

    private char unicode() throws SyntaxException {
      int code = 0;
      for (int i = 0; i < 4; i++) {
        int digit = Character.digit(peek(), 16);
        if (digit < 0) {
          throw error("unknown escape in a string");
        }
        code = code << 4 | digit;
        at++;
      }
      return (char) code;
    }

    private Json number() throws SyntaxException {
      int start = at;
      if (peek() == '-') {
        at++;
      }
      if (at < text.length() && text.charAt(at) == '0') {
        at++;
      } else {
        digits();
      }
      if (at < text.length() && text.charAt(at) == '.') {
        at++;
        digits();
      }
      if (at < text.length() && (text.charAt(at) == 'e' || text.charAt(at) == 'E')) {
        at++;
        if (at < text.length() && (text.charAt(at) == '+' || text.charAt(at) == '-')) {
          at++;
        }
        digits();
      }
      return new Numeral(text.substring(start, at));
    }

    private void digits() throws SyntaxException {
      int start = at;
      while (at < text.length() && text.charAt(at) >= '0' && text.charAt(at) <= '9') {
        at++;
      }
      if (at == start) {
        throw error("expected a value");
      }
    }

    private Json literal(String word, Json value) throws SyntaxException {
      if (!text.startsWith(word, at)) {
        throw error("expected a value");
      }
      at += word.length();
      return value;
    }

    private void expect(char c) throws SyntaxException {
      if (peek() != c) {
        throw error("expected '" + c + "'");
      }
      at++;
    }

    private char peek() throws SyntaxException {
      if (at >= text.length()) {
        throw error("unexpected end");
      }
      return text.charAt(at);
    }

    private void skipSpace() {
      while (at < text.length() && " \t\r\n".indexOf(text.charAt(at)) >= 0) {
        at++;
      }
    }

    private SyntaxException error(String problem) {
      return new SyntaxException(problem, at);
    }
  }
}
