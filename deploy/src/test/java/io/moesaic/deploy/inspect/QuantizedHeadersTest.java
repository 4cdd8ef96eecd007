package io.moesaic.deploy.inspect;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moesaic.tensor.DType;
import io.moesaic.tensor.checkpoint.ModelConfig;
import io.moesaic.tensor.ffn.ExpertBank;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.LongStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Checkpoints that are all header: their weights are holes in a file, which nobody reads.
class QuantizedHeadersTest {
  @TempDir Path directory;

  private final Map<String, Stored> tensors = new LinkedHashMap<>();

  private record Stored(DType dtype, long... shape) {
    long bytes() {
      return LongStream.of(shape).reduce(dtype.bytes(), (a, b) -> a * b);
    }
  }

  private void writeConfig(String family, String quantization, int intermediate)
      throws IOException {
    var mapper = new ObjectMapper();
    var config =
        (ObjectNode) mapper.readTree(Models.golden(family).resolve("config.json").toFile());
    config.set("quantization_config", mapper.readTree(quantization));
    config.put(
        family.equals("gpt_oss") ? "intermediate_size" : "moe_intermediate_size", intermediate);
    mapper.writeValue(directory.resolve("config.json").toFile(), config);
    Files.copy(
        Models.golden(family).resolve("tokenizer.json"), directory.resolve("tokenizer.json"));
  }

  private Inventory inventory() {
    var config = ModelConfig.read(directory);
    return Inventory.of(config, ExpertBank.of(config), _ -> false);
  }

  private void writeHeader() throws IOException {
    var header = new ObjectMapper().createObjectNode();
    long at = 0;
    for (var tensor : tensors.entrySet()) {
      var stored = tensor.getValue();
      var node = header.putObject(tensor.getKey()).put("dtype", stored.dtype.name());
      LongStream.of(stored.shape).forEach(node.putArray("shape")::add);
      node.putArray("data_offsets").add(at).add(at += stored.bytes());
    }
    var json = header.toString().getBytes(UTF_8);
    var length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(json.length);
    try (var file = new RandomAccessFile(directory.resolve("model.safetensors").toFile(), "rw")) {
      file.write(length.array());
      file.write(json);
      file.setLength(8 + json.length + at);
    }
  }

  private Inspection inspect() {
    return Models.inspect(directory, 1);
  }

  private void assertServedAsPlanned() {
    var inspection = inspect();
    assertEquals(List.of(), inspection.refusals());
    var stored = inspection.weights().orElseThrow();
    var planned = Models.inspect(directory.resolve("config.json"), 1).weights().orElseThrow();
    assertFalse(stored.planned());
    assertEquals(planned.bytes(), stored.bytes());
    assertEquals(planned.bytesPerExpert(), stored.bytesPerExpert());
  }

  private void storeMxfp4() {
    for (var entry : inventory().entries()) {
      var name = entry.name();
      var shape = entry.shape();
      if (entry.part() == Part.EXPERTS && shape.rank() == 3) {
        // In memory [experts, inputs, outputs]; in blocks, inputs come last.
        long blocks = shape.dim(1) / 32;
        tensors.put(name + "_blocks", new Stored(DType.U8, shape.dim(0), shape.dim(2), blocks, 16));
        tensors.put(name + "_scales", new Stored(DType.U8, shape.dim(0), shape.dim(2), blocks));
      } else {
        tensors.put(name, plain(entry));
      }
    }
  }

  private static Stored plain(Inventory.Entry entry) {
    var shape = entry.shape();
    return new Stored(
        DType.F32, LongStream.range(0, shape.rank()).map(i -> shape.dim((int) i)).toArray());
  }

  @Test
  void expertsInMxfp4AreCountedByTheirWeights() throws IOException {
    writeConfig("gpt_oss", "{\"quant_method\": \"mxfp4\"}", 64);
    storeMxfp4();
    writeHeader();
    assertServedAsPlanned();
  }

  @Test
  void codesWithoutScalesAreRefused() throws IOException {
    writeConfig("gpt_oss", "{\"quant_method\": \"mxfp4\"}", 64);
    storeMxfp4();
    tensors.remove("model.layers.1.mlp.experts.down_proj_scales");
    writeHeader();
    var why = inspect().refusals().getFirst().why();
    assertTrue(why.contains("has no scales \"model.layers.1.mlp.experts.down_proj_scales\""), why);
  }

  @Test
  void productsInFp8AreCountedByTheirWeights() throws IOException {
    var fp8 = "{\"quant_method\": \"fp8\", \"fmt\": \"e4m3\", \"weight_block_size\": [128, 128]}";
    // One more than a block, which takes a scale of its own.
    writeConfig("deepseek_v3", fp8, 129);
    for (var entry : inventory().entries()) {
      var shape = entry.shape();
      boolean product =
          entry.name().endsWith("_proj.weight") || entry.name().endsWith("_with_mqa.weight");
      if (product) {
        tensors.put(entry.name(), new Stored(DType.F8_E4M3, shape.dim(0), shape.dim(1)));
        tensors.put(
            entry.name() + "_scale_inv",
            new Stored(
                DType.F32, Math.ceilDiv(shape.dim(0), 128), Math.ceilDiv(shape.dim(1), 128)));
      } else {
        tensors.put(entry.name(), plain(entry));
      }
    }
    tensors.put("model.layers.2.eh_proj.weight", new Stored(DType.F32, 32, 64));
    writeHeader();
    assertServedAsPlanned();
    assertTrue(inspect().notes().getFirst().contains("model.layers.2.eh_proj.weight"));
  }
}
