package io.moesaic.deploy.cli;

import io.moesaic.deploy.client.ClientException;
import io.moesaic.deploy.dev.ClusterException;
import io.moesaic.tensor.checkpoint.CheckpointException;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.nio.file.NoSuchFileException;
import java.util.Map;

/// What a command says when it fails: a sentence for people, and the stack trace for those who ask
/// for it.
final class Complaint {
  private static final String DEBUG = "MOESAIC_DEBUG";

  private final PrintWriter err;
  private final boolean debug;

  Complaint(PrintWriter err, Map<String, String> environment) {
    this.err = err;
    this.debug = environment.getOrDefault(DEBUG, "").equals("1");
  }

  void about(Throwable failure) {
    err.println("moesaic: " + sentence(failure));
    if (debug) {
      failure.printStackTrace(err);
    }
    err.flush();
  }

  private static String sentence(Throwable failure) {
    return switch (failure) {
      // Their messages are written for people.
      case CommandFailure e -> text(e);
      case ClusterException e -> text(e);
      case ClientException e -> text(e);
      case CheckpointException e -> text(e);
      case IllegalArgumentException e -> text(e);
      case UncheckedIOException e when e.getCause() != null -> sentence(e.getCause());
      case NoSuchFileException e -> "no such file: " + e.getMessage();
      case IOException e -> text(e);
      case InterruptedException _ -> "interrupted";
      default ->
          "internal error: %s. Please report it with the stack trace that %s=1 adds"
              .formatted(failure, DEBUG);
    };
  }

  private static String text(Exception e) {
    var message = e.getMessage();
    return message == null ? e.toString() : message;
  }
}
