package io.moesaic.deploy.cli;

/// A command that cannot do what it was asked to: a sentence for people that says why, and what to
/// do.
final class CommandFailure extends RuntimeException {
  private static final long serialVersionUID = 1;

  CommandFailure(String sentence) {
    super(sentence);
  }

  CommandFailure(String sentence, Throwable cause) {
    super(sentence, cause);
  }
}
