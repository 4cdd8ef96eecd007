package io.moesaic.router.tokenizer;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;

/// The models of the repository.
public final class Models {
  private Models() {}

  /// A byte-level vocabulary of 4,096 tokens.
  public static final Path DEMO = directory("deploy/models/moesaic-demo");

  /// Printable ASCII, one token each, `<s>` 0 and `</s>` 1; no chat template.
  public static final Path GOLDEN = directory("tensor/src/test/golden/mixtral");

  public static Tokenizer tokenizer(Path model) {
    try {
      return Tokenizer.open(model);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Path directory(String path) {
    return Path.of(System.getProperty("moesaic.root", "..")).resolve(path);
  }
}
