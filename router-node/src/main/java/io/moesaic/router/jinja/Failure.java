package io.moesaic.router.jinja;

/// What is wrong, thrown where it is found; [JinjaTemplate] adds the line and makes it a
/// [JinjaException]. Has no stack trace, as it tells of the template and not of this program.
sealed class Failure extends RuntimeException {
  private static final long serialVersionUID = 1;

  Failure(String sentence) {
    super(sentence, null, false, false);
  }

  // the annotation that is missed would be one more dependency
  @SuppressWarnings("AnnotateFormatMethod")
  static Failure of(String format, Object... arguments) {
    return new Failure(format.formatted(arguments));
  }

  /// The template called `raise_exception`.
  static final class Refusal extends Failure {
    private static final long serialVersionUID = 1;

    Refusal(String message) {
      super(message);
    }
  }
}
