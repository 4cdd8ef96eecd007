package io.moesaic.router.jinja;

import io.moesaic.router.jinja.Token.Kind;
import java.util.List;

/// Tokens one after the other, for the parsers. Counts how deep the parsers have descended, as
/// they do so by recursion.
final class TokenStream {
  private static final int MAX_DEPTH = 100;

  private final List<Token> tokens;
  private int next;
  private int depth;

  TokenStream(List<Token> tokens) {
    this.tokens = tokens;
  }

  Token peek() {
    return tokens.get(next);
  }

  Token peekSecond() {
    return tokens.get(Math.min(next + 1, tokens.size() - 1));
  }

  /// The end of the template stays where it is.
  Token take() {
    var token = peek();
    if (token.kind() != Kind.END) {
      next++;
    }
    return token;
  }

  int line() {
    return peek().line();
  }

  boolean at(Kind kind) {
    return peek().kind() == kind;
  }

  boolean atOperator(String operator) {
    return peek().isOperator(operator);
  }

  boolean takeName(String name) {
    return takeIf(peek().isName(name));
  }

  boolean takeOperator(String operator) {
    return takeIf(atOperator(operator));
  }

  private boolean takeIf(boolean wanted) {
    if (wanted) {
      take();
    }
    return wanted;
  }

  String expectName() {
    if (!at(Kind.NAME)) {
      throw expected("a name");
    }
    return take().text();
  }

  void expectName(String name) {
    if (!takeName(name)) {
      throw expected("'" + name + "'");
    }
  }

  void expectOperator(String operator) {
    if (!takeOperator(operator)) {
      throw expected("'" + operator + "'");
    }
  }

  void expect(Kind kind) {
    if (!takeIf(at(kind))) {
      throw expected(new Token(kind, "", 0).described());
    }
  }

  Failure expected(String what) {
    return Failure.of("expected %s, found %s", what, peek().described());
  }

  void descend() {
    if (++depth > MAX_DEPTH) {
      throw Failure.of("the template nests deeper than %d levels", MAX_DEPTH);
    }
  }

  void ascend() {
    depth--;
  }
}
