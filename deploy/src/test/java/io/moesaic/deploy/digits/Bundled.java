package io.moesaic.deploy.digits;

import java.io.IOException;
import java.nio.file.Path;

/// What comes with the project.
final class Bundled {
  private static final Path ROOT = Path.of(System.getProperty("moesaic.root", ".."));

  private Bundled() {}

  static Digits digits() throws IOException {
    return Digits.read(ROOT.resolve("deploy/data/digits/digits.csv"));
  }

  static Path model() {
    return ROOT.resolve("deploy/models/digits");
  }
}
