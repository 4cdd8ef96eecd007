package io.moesaic.wire;

import io.grpc.Status;

/// Why a message cannot be used: a status code, the field at fault (or an empty name), and a
/// sentence with the value found and what is allowed.
public final class WireException extends Exception {
  private static final long serialVersionUID = 1;

  private final Status.Code code;
  private final String field;

  public WireException(Status.Code code, String field, String message) {
    // Most are caused by the peer and reported to it: a stack trace would tell nobody anything.
    super(field.isEmpty() ? message : field + ": " + message, null, false, false);
    this.code = code;
    this.field = field;
  }

  /// A malformed message.
  public static WireException invalid(String field, String message) {
    return new WireException(Status.Code.INVALID_ARGUMENT, field, message);
  }

  public Status.Code code() {
    return code;
  }

  public String field() {
    return field;
  }

  /// For ending a whole stream with.
  public Status status() {
    return code.toStatus().withDescription(getMessage());
  }
}
