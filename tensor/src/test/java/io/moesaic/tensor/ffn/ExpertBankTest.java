package io.moesaic.tensor.ffn;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.Refused;
import io.moesaic.tensor.TestModels;
import io.moesaic.tensor.checkpoint.Checkpoint;
import io.moesaic.tensor.checkpoint.CheckpointException;
import io.moesaic.tensor.checkpoint.ModelConfig;
import io.moesaic.tensor.kernel.Bits;
import io.moesaic.tensor.kernel.Compute;
import io.moesaic.tensor.kernel.ComputePool;
import io.moesaic.tensor.kernel.Kernels;
import io.moesaic.tensor.kernel.Randoms;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class ExpertBankTest {
  @Test
  void describesTheExpertsOfAMixtral() {
    var bank = ExpertBank.of(ModelConfig.read(TestModels.demo()));
    assertEquals(new ExpertBank(4, 8, new FeedForward.SwiGlu(256, 256)), bank);
    for (int i = 0; i < bank.count(); i++) {
      assertEquals(i, bank.indexOf(bank.at(i)));
    }
  }

  @Test
  void touchesTheBytesOfTheExpertsAskedForAndNoOthers() {
    try (var checkpoint = Checkpoint.open(TestModels.demo());
        var arena = Arena.ofConfined()) {
      var bank = ExpertBank.of(ModelConfig.read(TestModels.demo()));
      var id = new ExpertId(3, 5);
      long stored = bank.storedBytes(checkpoint, id);
      assertEquals(3 * 256 * 256 * 2, stored);
      assertEquals(0, checkpoint.bytesMapped());
      bank.map(checkpoint, id, arena);
      assertEquals(stored, checkpoint.bytesMapped());
    }
  }

  @Test
  void refusesOtherFamiliesByName(@TempDir Path directory) throws IOException {
    Files.writeString(directory.resolve("config.json"), "{\"model_type\": \"llama\"}");
    assertEquals(
        directory.resolve("config.json")
            + ": \"model_type\" is \"llama\", but only \"mixtral\" is served",
        Refused.with(CheckpointException.class, () -> ExpertBank.of(ModelConfig.read(directory))));
  }

  @Test
  void expertsComputeTheSameBitsWithBothTwins() {
    try (var checkpoint = Checkpoint.open(TestModels.mixtral());
        var arena = Arena.ofShared();
        var scalar = new Compute(Kernels.scalar(), new ComputePool(1, "scalar"));
        var fast = Compute.on(2, "fast")) {
      var bank = ExpertBank.of(ModelConfig.read(TestModels.mixtral()));
      var random = new Randoms(arena);
      var x = random.matrix(7, 32);
      for (int expert = 0; expert < bank.experts(); expert++) {
        var weights = bank.map(checkpoint, new ExpertId(1, expert), arena);
        var packed = PackedExpert.pack(arena, weights);
        Bits.assertSame(run(scalar, packed, x), run(fast, packed, x), random::seed);
      }
    }
  }

  private static Matrix run(Compute compute, PackedExpert expert, Matrix x) {
    var up = Matrix.allocate(x.rows(), 48);
    var activated = Matrix.allocate(x.rows(), 48);
    var y = Matrix.allocate(x.rows(), 32);
    compute.pool().run(expert.activatePanels(), p -> expert.activate(compute, x, p, up, activated));
    compute.pool().run(expert.projectPanels(), p -> expert.project(compute, activated, p, y));
    return y;
  }
}
