package io.moesaic.deploy.inspect;

import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.Objects;

/// The models that are inspected: small ones that are here, and configurations of published ones.
final class Models {
  private static final Path ROOT = Path.of(System.getProperty("moesaic.root", ".."));

  private Models() {}

  /// A tiny checkpoint, written by transformers.
  static Path golden(String family) {
    return ROOT.resolve("tensor/src/test/golden").resolve(family);
  }

  /// A directory that has the `config.json` of a published model, and nothing else.
  static Path published(String name) {
    var file = Models.class.getResource("/configs/" + name + "/config.json");
    try {
      return Path.of(Objects.requireNonNull(file, name).toURI()).resolveSibling("");
    } catch (URISyntaxException e) {
      throw new AssertionError(e);
    }
  }
}
