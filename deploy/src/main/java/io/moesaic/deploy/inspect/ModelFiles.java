package io.moesaic.deploy.inspect;

import io.moesaic.tensor.checkpoint.CheckpointException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;

/// Which files of a model there are.
///
/// @param directory where `config` is
/// @param whole whether the rest of the directory belongs to the model too
record ModelFiles(Path config, Path directory, boolean whole) {
  /// @param model a directory, or a `config.json` by itself
  static ModelFiles of(Path model) {
    if (Files.isDirectory(model)) {
      return new ModelFiles(model.resolve("config.json"), model, true);
    }
    if (!Files.isRegularFile(model)) {
      throw new CheckpointException(
          model, "is missing; it must be a model's directory, or a config.json");
    }
    return new ModelFiles(model, model, false);
  }

  boolean hasWeights() {
    return whole
        && Stream.of("model.safetensors", "model.safetensors.index.json")
            .anyMatch(name -> Files.exists(directory.resolve(name)));
  }

  /// Whether weights are to be expected and are not there.
  boolean lacksWeights() {
    return whole && !hasWeights();
  }

  boolean hasTokenizer() {
    return whole && Files.exists(directory.resolve("tokenizer.json"));
  }
}
