package io.moesaic.router.api;

import java.util.Objects;

/// Ends a request with an error. Thrown for what clients do wrong, so it costs no stack trace.
final class ApiException extends RuntimeException {
  private static final long serialVersionUID = 1;

  private final transient ApiError error;

  ApiException(ApiError error) {
    super(error.body().toString(), null, false, false);
    this.error = error;
  }

  ApiError error() {
    return Objects.requireNonNull(error);
  }
}
