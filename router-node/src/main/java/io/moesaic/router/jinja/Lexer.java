package io.moesaic.router.jinja;

import io.moesaic.router.jinja.Token.Kind;
import java.util.ArrayList;
import java.util.List;

/// Cuts a template into tokens. Blocks leave no empty lines: the newline after a block and the
/// blanks before it, if it begins its line, are not text, as Hugging Face sets Jinja up.
///
/// ```
/// text {{ expression }} text {% statement %} text {# comment #}
///        '-' inside a delimiter drops the whitespace beside it, '+' keeps what a block would drop
/// ```
final class Lexer {
  private final String source;
  private final CodeReader reader;
  private final List<Token> tokens = new ArrayList<>();
  private int position;
  private int line = 1;
  // whether the last tag took a newline with it
  private boolean lineBegins = true;

  private Lexer(String source) {
    this.source = source;
    reader = new CodeReader(source);
  }

  /// @return tokens, of which the last is the end
  static List<Token> tokens(String template) throws JinjaException {
    var source = template.replace("\r\n", "\n").replace('\r', '\n');
    if (source.endsWith("\n")) {
      source = source.substring(0, source.length() - 1);
    }
    var lexer = new Lexer(source);
    try {
      lexer.run();
    } catch (Failure e) {
      throw new JinjaException(lexer.line, e);
    }
    return lexer.tokens;
  }

  private void run() {
    for (var open = nextTag(0); open >= 0; open = nextTag(position)) {
      var mark = source.charAt(open + 1);
      var sign = signAt(open + 2);
      text(open, sign, mark != '{');
      moveTo(open + 2 + (sign == ' ' ? 0 : 1));
      switch (mark) {
        case '{' -> code("}}", Kind.OUTPUT_BEGIN, Kind.OUTPUT_END);
        case '#' -> comment();
        default -> code("%}", Kind.BLOCK_BEGIN, Kind.BLOCK_END);
      }
    }
    add(Kind.TEXT, source.substring(position));
    moveTo(source.length());
    add(Kind.END, "");
  }

  private int nextTag(int from) {
    for (var at = source.indexOf('{', from); at >= 0; at = source.indexOf('{', at + 1)) {
      if (at + 1 < source.length() && "{%#".indexOf(source.charAt(at + 1)) >= 0) {
        return at;
      }
    }
    return -1;
  }

  private char signAt(int at) {
    return source.startsWith("-", at) || source.startsWith("+", at) ? source.charAt(at) : ' ';
  }

  /// Takes the text before a tag.
  private void text(int end, char sign, boolean isBlock) {
    var text = source.substring(position, end);
    if (sign == '-') {
      text = Whitespace.stripEnd(text);
    } else if (sign != '+' && isBlock) {
      var lastLine = text.lastIndexOf('\n') + 1;
      if ((lastLine > 0 || lineBegins) && Whitespace.skip(text, lastLine) == text.length()) {
        text = text.substring(0, lastLine);
      }
    }
    add(Kind.TEXT, text);
    moveTo(end);
  }

  private void comment() {
    var end = source.indexOf("#}", position);
    if (end < 0) {
      throw new Failure("a comment is not closed by '#}'");
    }
    var sign = end > position ? signAt(end - 1) : ' ';
    moveTo(end + 2);
    closeTag(sign);
  }

  /// Reads the inside of a tag, which its closing mark ends unless brackets are open.
  private void code(String closing, Kind begin, Kind end) {
    add(begin, "");
    for (var brackets = 0; ; moveTo(reader.end())) {
      moveTo(Whitespace.skip(source, position));
      var sign = signAt(position);
      var mark = position + (sign == ' ' ? 0 : 1);
      // there is no '+}}'
      if (brackets == 0
          && source.startsWith(closing, mark)
          && !(sign == '+' && end == Kind.OUTPUT_END)) {
        add(end, "");
        moveTo(mark + 2);
        closeTag(end == Kind.OUTPUT_END && sign == ' ' ? '+' : sign);
        return;
      }
      if (position == source.length()) {
        throw Failure.of("a tag is not closed by '%s'", closing);
      }
      var token = reader.read(position, line);
      tokens.add(token);
      if (token.kind() == Kind.OPERATOR) {
        brackets +=
            "([{".contains(token.text())
                ? 1
                : brackets > 0 && ")]}".contains(token.text()) ? -1 : 0;
      }
    }
  }

  /// Drops what whitespace control drops after a tag.
  private void closeTag(char sign) {
    var end =
        switch (sign) {
          case '-' -> Whitespace.skip(source, position);
          case '+' -> position;
          default -> source.startsWith("\n", position) ? position + 1 : position;
        };
    moveTo(end);
    lineBegins = source.charAt(end - 1) == '\n';
  }

  private void add(Kind kind, String text) {
    if (kind != Kind.TEXT || !text.isEmpty()) {
      tokens.add(new Token(kind, text, line));
    }
  }

  private void moveTo(int end) {
    for (var at = position; at < end; at++) {
      if (source.charAt(at) == '\n') {
        line++;
      }
    }
    position = end;
  }
}
