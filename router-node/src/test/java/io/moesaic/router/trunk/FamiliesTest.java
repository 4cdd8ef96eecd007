package io.moesaic.router.trunk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.Tensor;
import io.moesaic.tensor.checkpoint.Checkpoint;
import io.moesaic.tensor.checkpoint.ModelConfig;
import io.moesaic.tensor.ffn.QuantizedModels;
import io.moesaic.tensor.kernel.Compute;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.Random;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class FamiliesTest {
  static Stream<Path> models() {
    return Goldens.all();
  }

  @ParameterizedTest
  @MethodSource("models")
  void agreesWithTheReference(Path model) {
    var config = TrunkConfig.of(ModelConfig.read(model));
    try (var expected = Checkpoint.openFile(model.resolve("expected.safetensors"));
        var arena = Arena.ofShared();
        var trunk = new Trunks(model, config, 2)) {
      var ids = expected.map("input_ids", arena);
      var logits = expected.map("logits", arena);
      int length = (int) ids.shape().dim(1);
      for (int s = 0; s < ids.shape().dim(0); s++) {
        int first = s * length;
        var tokens = IntStream.range(0, length).map(t -> (int) ids.getLong(first + t)).toArray();
        var moe = new GoldenMoe(expected, arena, first);
        assertClose(logits, first, trunk.logits(tokens, moe));
        assertEquals(
            IntStream.range(0, config.moeLayers()).boxed().collect(Collectors.toSet()),
            moe.asked());
      }
    }
  }

  static void assertClose(Tensor expected, int firstRow, Matrix logits) {
    double sum = 0;
    double worst = 0;
    for (int row = 0; row < logits.rows(); row++) {
      for (int i = 0; i < logits.cols(); i++) {
        float value = expected.getFloat((long) (firstRow + row) * logits.cols() + i);
        sum += (double) value * value;
        worst = Math.max(worst, Math.abs(value - logits.get(row, i)));
      }
    }
    double size = Math.sqrt(sum / logits.rows() / logits.cols());
    assertTrue(worst < 1e-4 * Math.max(1, size), "largest difference is " + worst);
  }

  static Stream<Path> everyModel() {
    return Stream.concat(Goldens.all(), Goldens.ENCODER_DECODERS.stream());
  }

  /// So progress ends where it says that it will.
  @ParameterizedTest
  @MethodSource("everyModel")
  void loadsAsManyBytesAsItAnnounces(Path model) {
    assertLoadsWhatItAnnounces(model);
  }

  private static void assertLoadsWhatItAnnounces(Path model) {
    var config = TrunkConfig.of(ModelConfig.read(model));
    try (var checkpoint = Checkpoint.open(model);
        var arena = Arena.ofShared();
        var compute = Compute.on(1, "trunk")) {
      long announced = Trunk.storedBytes(config, checkpoint);
      Trunk.load(config, checkpoint, compute, arena, _ -> {});
      assertEquals(announced, checkpoint.bytesMapped());
    }
  }

  /// DeepSeek-V3 is published so.
  @Test
  void weightsInFp8GiveTheBitsOfTheNumbersThatTheyStandFor(@TempDir Path directory)
      throws IOException {
    var twins = QuantizedModels.fp8(directory);
    var config = TrunkConfig.of(ModelConfig.read(twins.quantized()));
    assertEquals(TrunkConfig.of(ModelConfig.read(twins.widened())), config);
    try (var quantized = new Trunks(twins.quantized(), config, 1);
        var widened = new Trunks(twins.widened(), config, 1)) {
      var tokens = new Random(7).ints(80, 2, config.vocabulary()).toArray();
      var expected = widened.logits(tokens, new RowMoe());
      var logits = quantized.logits(tokens, new RowMoe());
      for (int row = 0; row < tokens.length; row++) {
        SameRowTest.assertSameRow(expected, row, logits, row, "position " + row);
      }
      assertLoadsWhatItAnnounces(twins.quantized());
    }
  }
}
