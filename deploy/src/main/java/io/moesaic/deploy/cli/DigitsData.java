package io.moesaic.deploy.cli;

import io.moesaic.deploy.dev.ClusterSpec;
import io.moesaic.deploy.digits.Digits;
import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// The images that the commands about digits work on.
final class DigitsData {
  @Option(
      names = "--data",
      paramLabel = "CSV",
      description = {
        "Images: a header line, then for each 64 pixels from 0 to 16 and the digit.",
        "The first 1500 are fitted, the others held out.",
        "Default: the images that come with Moesaic."
      })
  private @Nullable Path csv;

  Path file() {
    return csv == null ? deploy().resolve("data/digits/digits.csv") : csv;
  }

  Digits read() throws IOException {
    return Digits.read(file());
  }

  /// The model that comes with Moesaic.
  static Path bundledModel() {
    return deploy().resolve("models/digits");
  }

  private static Path deploy() {
    return ClusterSpec.bundledModel().resolve("../..").normalize();
  }
}
