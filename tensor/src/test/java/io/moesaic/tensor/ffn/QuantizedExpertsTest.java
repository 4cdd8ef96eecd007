package io.moesaic.tensor.ffn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.Refused;
import io.moesaic.tensor.TestModels;
import io.moesaic.tensor.Weight;
import io.moesaic.tensor.checkpoint.Checkpoint;
import io.moesaic.tensor.checkpoint.CheckpointException;
import io.moesaic.tensor.checkpoint.ModelConfig;
import io.moesaic.tensor.kernel.Bits;
import io.moesaic.tensor.kernel.Compute;
import io.moesaic.tensor.kernel.Randoms;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Experts of quantized checkpoints.
class QuantizedExpertsTest {
  @TempDir private Path directory = Path.of(".");

  private final Arena arena = Arena.ofShared();
  private final Randoms random = new Randoms(arena);
  private final Compute compute = Compute.on(2, "test");

  @AfterEach
  void free() {
    compute.close();
    arena.close();
  }

  private void assertTwins(QuantizedModels.Twins twins, Class<? extends Weight> encoding) {
    var bank = ExpertBank.of(ModelConfig.read(twins.quantized()));
    var x = random.matrix(5, bank.block().hidden());
    try (var quantized = Checkpoint.open(twins.quantized());
        var widened = Checkpoint.open(twins.widened())) {
      for (int i = 0; i < bank.count(); i++) {
        var id = bank.at(i);
        long before = quantized.bytesMapped();
        var weights = bank.map(quantized, id, arena);
        assertInstanceOf(encoding, weights.down().weight());
        assertEquals(bank.storedBytes(quantized, id), quantized.bytesMapped() - before);
        var wide = ExpertBank.of(ModelConfig.read(twins.widened())).map(widened, id, arena);
        var packed = PackedExpert.pack(arena, weights);
        var packedWide = PackedExpert.pack(arena, wide);
        assertTrue(packed.bytes() < packedWide.bytes() / 3, "it is widened in memory");
        Bits.assertSame(
            Packed.run(compute, packedWide, x), Packed.run(compute, packed, x), random::seed);
        assertEquals(-1, mismatch(weights, x.data()), random.seed());
      }
    }
  }

  /// Where the plain loops and the packed block differ on one row.
  private int mismatch(ExpertWeights weights, float[] data) {
    var x = new float[weights.block().hidden()];
    System.arraycopy(data, 0, x, 0, x.length);
    var row = Matrix.allocate(1, x.length);
    System.arraycopy(x, 0, row.data(), 0, x.length);
    var packed = Packed.run(compute, PackedExpert.pack(arena, weights), row);
    var plain = PlainExpert.run(weights, x);
    for (int i = 0; i < plain.length; i++) {
      if (Float.floatToIntBits(plain[i]) != Float.floatToIntBits(packed.get(0, i))) {
        return i;
      }
    }
    return -1;
  }

  @Test
  void mxfp4ExpertsComputeTheBitsOfWidenedOnes() throws IOException {
    assertTwins(QuantizedModels.mxfp4(directory), Weight.Mxfp4.class);
  }

  @Test
  void fp8ExpertsComputeTheBitsOfWidenedOnes() throws IOException {
    assertTwins(QuantizedModels.fp8(directory), Weight.Fp8.class);
  }

  @Test
  void quantizedWeightsAreCloseToWhatTheyWere() throws IOException {
    var twins = QuantizedModels.mxfp4(directory);
    try (var quantized = Checkpoint.open(twins.quantized());
        var golden = Checkpoint.open(TestModels.gptOss())) {
      var id = new ExpertId(1, 6);
      var coarse =
          ExpertBank.of(ModelConfig.read(twins.quantized())).map(quantized, id, arena).inward();
      var exact =
          ExpertBank.of(ModelConfig.read(TestModels.gptOss())).map(golden, id, arena).inward();
      for (int product = 0; product < 2; product++) {
        for (int n = 0; n < 48; n++) {
          for (int k = 0; k < 32; k++) {
            float value = exact.get(product).weight().get(n, k);
            assertEquals(value, coarse.get(product).weight().get(n, k), 0.2);
          }
        }
      }
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "gpt_oss | {'quant_method': 'gptq'}"
            + " | 'quantization_config.quant_method' is 'gptq', but of this family only 'mxfp4' is"
            + " served",
        "mixtral | {'bits': 4}"
            + " | 'quantization_config.quant_method' is absent, but of this family only 'fp8' is"
            + " served",
        "deepseek_v3 | {'quant_method': 'fp8'}"
            + " | 'quantization_config.weight_block_size' is absent, must be [128, 128]",
        "deepseek_v3 | {'quant_method': 'fp8', 'fmt': 'e5m2', 'weight_block_size': [128, 128]}"
            + " | 'quantization_config.fmt' is 'e5m2', must be 'e4m3'",
      })
  void refusesOtherQuantizations(String family, String quantization, String message)
      throws IOException {
    var golden = TestModels.mixtral().resolveSibling(family).resolve("config.json");
    var file = directory.resolve("config.json");
    Files.writeString(
        file,
        Files.readString(golden)
            .replaceFirst(
                "\\{", "{\"quantization_config\": " + quantization.replace('\'', '"') + ","));
    assertEquals(
        file + ": " + message.replace('\'', '"'),
        Refused.with(CheckpointException.class, () -> ExpertBank.of(ModelConfig.read(directory))));
  }

  @Test
  void namesTheTensorThatDoesNotFit() throws IOException {
    var twins = QuantizedModels.mxfp4(directory);
    var config = twins.quantized().resolve("config.json");
    Files.writeString(
        config,
        Files.readString(config).replace("\"intermediate_size\": 64", "\"intermediate_size\": 48"));
    try (var checkpoint = Checkpoint.open(twins.quantized())) {
      var bank = ExpertBank.of(ModelConfig.read(twins.quantized()));
      assertEquals(
          twins.quantized()
              + ": tensor \"model.layers.0.mlp.experts.gate_up_proj_blocks\" has shape"
              + " [8, 128, 1, 16], but the model needs [8, 96, 1, 16]",
          Refused.with(
              CheckpointException.class, () -> bank.storedBytes(checkpoint, new ExpertId(0, 0))));
    }
  }
}
