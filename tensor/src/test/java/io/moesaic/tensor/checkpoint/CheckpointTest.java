package io.moesaic.tensor.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moesaic.tensor.Refused;
import io.moesaic.tensor.Shape;
import io.moesaic.tensor.TestModels;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CheckpointTest {
  @TempDir private Path directory = Path.of(".");

  private Path copyOfSharded() throws IOException {
    try (var files = Files.list(TestModels.shardedBf16())) {
      for (var file : files.toList()) {
        Files.copy(file, directory.resolve(file.getFileName()));
      }
    }
    return directory;
  }

  private String refusal(Path path) {
    return Refused.with(CheckpointException.class, () -> Checkpoint.open(path).close());
  }

  @Test
  void readsSingleAndShardedModelsAlike() {
    try (var single = Checkpoint.open(TestModels.mixtral());
        var sharded = Checkpoint.open(TestModels.shardedBf16());
        var arena = Arena.ofConfined()) {
      assertEquals(single.names(), sharded.names());
      var norm = sharded.map("model.norm.weight", Shape.of(32), arena);
      assertEquals(32, norm.shape().elements());
      assertEquals(64, sharded.bytesMapped());
    }
  }

  @Test
  void namesATensorOfTheWrongShapeOrMissing() {
    try (var model = Checkpoint.open(TestModels.mixtral())) {
      assertEquals(
          TestModels.mixtral()
              + ": tensor \"model.norm.weight\" has shape [32], but the model needs [33]",
          Refused.with(
              CheckpointException.class, () -> model.require("model.norm.weight", Shape.of(33))));
      assertEquals(
          TestModels.mixtral() + ": has no tensor \"model.norm.bias\"",
          Refused.with(CheckpointException.class, () -> model.info("model.norm.bias")));
    }
  }

  @Test
  void refusesADirectoryWithoutWeights() {
    assertEquals(
        directory
            + ": has neither model.safetensors nor model.safetensors.index.json: it holds no model"
            + " to load",
        refusal(directory));
  }

  @Test
  void refusesAMissingShard() throws IOException {
    var model = copyOfSharded();
    var shard = model.resolve("model-00003-of-00004.safetensors");
    Files.delete(shard);
    assertEquals(shard + ": no such file", refusal(model));
  }

  @Test
  void refusesATruncatedShardBeforeLoadingAnything() throws IOException {
    var model = copyOfSharded();
    var shard = model.resolve("model-00002-of-00004.safetensors");
    var bytes = Files.readAllBytes(shard);
    Files.write(shard, Arrays.copyOf(bytes, bytes.length - 1));
    assertTrue(refusal(model).endsWith("it is truncated"), refusal(model));
  }

  @Test
  void refusesAnIndexThatLeavesItsDirectory() throws IOException {
    var model = copyOfSharded();
    var index = model.resolve("model.safetensors.index.json");
    Files.writeString(
        index,
        Files.readString(index).replace("model-00001-of-00004.safetensors", "../../etc/passwd"));
    assertTrue(refusal(model).contains("is not mapped to a plain file name"), refusal(model));
  }

  @Test
  void refusesAnIndexThatDisagreesWithItsFiles() throws IOException {
    var model = copyOfSharded();
    var index = model.resolve("model.safetensors.index.json");
    var text = Files.readString(index);
    Files.writeString(index, text.replace("\"lm_head.weight\"", "\"lm_tail.weight\""));
    assertTrue(
        refusal(model)
            .endsWith("tensor \"lm_tail.weight\" is not in this file, but the index says so"),
        refusal(model));
  }

  @Test
  void namesTheConfigKeyTheValueAndTheBound() throws IOException {
    Files.writeString(
        directory.resolve("config.json"),
        "{\"a\": 9, \"b\": \"x\", \"c\": null, \"s\": {\"theta\": -1}}");
    var config = ModelConfig.read(directory);
    var file = directory.resolve("config.json");
    assertEquals(9, config.integer("a", 1, 9));
    assertEquals(
        file + ": \"a\" is 9, must be an integer from 1 to 8",
        Refused.with(CheckpointException.class, () -> config.integer("a", 1, 8)));
    assertEquals(
        file + ": \"b\" is \"x\", must be an integer from 1 to 8",
        Refused.with(CheckpointException.class, () -> config.integer("b", 1, 8)));
    assertEquals(
        file + ": \"c\" is missing",
        Refused.with(CheckpointException.class, () -> config.integer("c", 1, 8)));
    assertEquals(7, config.integerOr("c", 7, 1, 8));
    assertEquals(
        file + ": \"s.theta\" is -1, must be a number greater than 0",
        Refused.with(
            CheckpointException.class, () -> config.section("s").orElseThrow().positive("theta")));
  }
}
