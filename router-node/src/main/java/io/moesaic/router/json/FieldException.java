package io.moesaic.router.json;

/// A field from outside that cannot be used. Costs no stack trace: it tells of what somebody sent,
/// and not of a fault in here.
public final class FieldException extends IllegalArgumentException {
  private static final long serialVersionUID = 1;

  private final String field;

  /// @param field its path, as in `moe.capacity.factor`, or empty for all of the text
  /// @param message a sentence with the value and what is allowed
  public FieldException(String field, String message) {
    super(message);
    this.field = field;
  }

  public String field() {
    return field;
  }

  @Override
  public synchronized Throwable fillInStackTrace() {
    return this;
  }
}
