package io.moesaic.tensor;

import java.nio.file.Path;

/// The models that tests run on.
public final class TestModels {
  private static final Path ROOT = Path.of(System.getProperty("moesaic.root", ".."));

  private TestModels() {}

  /// A tiny random Mixtral in float32, one file, with what the reference computes from it.
  public static Path mixtral() {
    return ROOT.resolve("tensor/src/test/golden/mixtral");
  }

  /// The same family in bfloat16, in four files with an index.
  public static Path shardedBf16() {
    return ROOT.resolve("tensor/src/test/golden/mixtral_sharded_bf16");
  }

  /// The bundled model: trained, so that its gate is skewed and its text reads like English.
  public static Path demo() {
    return ROOT.resolve("deploy/models/moesaic-demo");
  }
}
