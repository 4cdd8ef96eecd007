package io.moesaic.router.jinja;

/// A template that cannot be parsed or rendered, and where.
public final class JinjaException extends Exception {
  private static final long serialVersionUID = 1;

  private final int line;
  private final boolean refusal;

  JinjaException(int line, Failure failure) {
    super(failure.getMessage(), failure);
    this.line = line;
    refusal = failure instanceof Failure.Refusal;
  }

  /// Counted from 1.
  public int line() {
    return line;
  }

  /// Whether the template itself said so, by `raise_exception`.
  public boolean refusal() {
    return refusal;
  }
}
