package io.moesaic.tensor.checkpoint;

import java.nio.file.Path;

/// A model directory that cannot be used as it is. The message names the file, the tensor or key,
/// the value found and what is allowed.
public final class CheckpointException extends RuntimeException {
  private static final long serialVersionUID = 1;

  public CheckpointException(Path file, String problem) {
    super(file + ": " + problem);
  }

  public CheckpointException(Path file, String problem, Throwable cause) {
    super(file + ": " + problem, cause);
  }

  static CheckpointException tensor(Path file, String tensor, String problem) {
    return new CheckpointException(file, "tensor \"" + abbreviated(tensor) + "\" " + problem);
  }

  /// A name from outside, short enough for a message.
  static String abbreviated(String name) {
    return name.length() <= 120 ? name : name.substring(0, 117) + "...";
  }
}
