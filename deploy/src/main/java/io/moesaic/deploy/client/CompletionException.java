package io.moesaic.deploy.client;

/// A completion that failed. The message says why, for people.
public final class CompletionException extends Exception {
  private static final long serialVersionUID = 1;

  CompletionException(String message) {
    super(message);
  }

  CompletionException(String message, Throwable cause) {
    super(message, cause);
  }
}
