package io.moesaic.deploy.digits;

import static io.moesaic.deploy.digits.Digits.CLASSES;
import static io.moesaic.deploy.digits.Digits.PIXELS;

import io.moesaic.tensor.checkpoint.Checkpoint;
import io.moesaic.tensor.checkpoint.CheckpointException;
import io.moesaic.tensor.checkpoint.ModelConfig;
import io.moesaic.tensor.checkpoint.SafetensorsWriter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// A [JacobsMixture] as a model directory that a cluster serves as one layer of experts: a
/// `config.json`, and a `model.safetensors` in float32:
///
/// ```
///   layers.0.gate.                 weight [E, 64]  bias [E]
///   layers.0.experts.<e>.up_proj.  weight [I, 64]  bias [I]
///   layers.0.experts.<e>.down_proj.weight [64, I]  bias [64]
/// ```
/// A layer is as wide behind as in front, so rows 10 to 63 of `down_proj` are zeros.
public final class DigitModel {
  private static final String CONFIG = "config.json";
  private static final String WEIGHTS = "model.safetensors";

  private DigitModel() {}

  /// Writes the directory, and makes it if it is not there. The same mixture gives the same bytes.
  ///
  /// @throws CheckpointException when it cannot be written
  public static void write(JacobsMixture mixture, Path directory) {
    try {
      Files.createDirectories(directory);
      Files.writeString(directory.resolve(CONFIG), config(mixture.size()));
    } catch (IOException e) {
      throw new CheckpointException(directory, "cannot be written: " + e.getMessage(), e);
    }
    var writer = new SafetensorsWriter();
    maps(mixture.size()).forEach(map -> map.write(mixture.parameters(), writer));
    writer.write(directory.resolve(WEIGHTS));
  }

  /// Reads a directory that [#write] wrote.
  ///
  /// @throws CheckpointException when it is missing, malformed or another kind of model
  public static JacobsMixture read(Path directory) {
    var config = ModelConfig.read(directory);
    config.integer("hidden_size", PIXELS, PIXELS);
    config.integer("num_layers", 1, 1);
    var size =
        new MixtureSize(
            config.integer("num_experts", 1, MixtureSize.MAX_EXPERTS),
            config.integer("intermediate_size", 1, MixtureSize.MAX_HIDDEN));
    var parameters = new double[size.parameters()];
    try (var checkpoint = Checkpoint.open(directory)) {
      maps(size).forEach(map -> map.read(checkpoint, parameters));
    }
    return new JacobsMixture(size, parameters);
  }

  private static String config(MixtureSize size) {
    return """
    {
      "model_type": "moe_layers",
      "num_layers": 1,
      "hidden_size": %d,
      "intermediate_size": %d,
      "num_experts": %d,
      "activation": "relu",
      "expert_bias": true,
      "policy": {"type": "dense"}
    }
    """
        .formatted(PIXELS, size.hidden(), size.experts());
  }

  /// The linear maps of the model, in the order of the file.
  private static List<Linear> maps(MixtureSize size) {
    List<Linear> maps = new ArrayList<>();
    maps.add(new Linear("layers.0.gate", size.experts(), PIXELS, size.experts(), size::gate));
    for (int i = 0; i < size.experts(); i++) {
      int expert = i;
      var name = "layers.0.experts." + expert;
      maps.add(
          new Linear(
              name + ".up_proj",
              size.hidden(),
              PIXELS,
              size.hidden(),
              pixel -> size.up(pixel) + expert * size.hidden()));
      maps.add(
          new Linear(
              name + ".down_proj",
              PIXELS,
              size.hidden(),
              CLASSES,
              unit -> size.down(expert, unit)));
    }
    return maps;
  }
}
