package io.moesaic.deploy.inspect;

import java.net.URISyntaxException;
import java.nio.file.Path;
import java.util.List;
import java.util.Objects;

/// The models that are inspected: small ones that are here, and configurations of published ones.
final class Models {
  private static final Path ROOT = Path.of(System.getProperty("moesaic.root", ".."));

  /// What routers have memory for by default.
  static final int KV_TOKENS = 16384;

  private Models() {}

  static Inspection inspect(Path model, Integer... nodes) {
    return Inspector.inspect(model, List.of(nodes), KV_TOKENS);
  }

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
