package io.moesaic.deploy.inspect;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moesaic.router.gate.GateBank;
import io.moesaic.router.gate.GateWeights;
import io.moesaic.router.moe.SharedExpert;
import io.moesaic.router.moe.SharedExperts;
import io.moesaic.router.trunk.KvPool;
import io.moesaic.router.trunk.Trunk;
import io.moesaic.router.trunk.TrunkConfig;
import io.moesaic.tensor.checkpoint.Checkpoint;
import io.moesaic.tensor.checkpoint.ModelConfig;
import io.moesaic.tensor.ffn.ExpertBank;
import io.moesaic.tensor.kernel.Compute;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// What is planned for a router, beside what its parts say that they take once they are loaded.
class RouterMemoryTest {
  @ParameterizedTest
  @MethodSource("io.moesaic.tensor.TestModels#goldens")
  void aLoadedRouterTakesAtLeastWhatIsPlanned(Path directory) {
    var inspection = Models.inspect(directory, 1);
    var modelConfig = ModelConfig.read(directory);
    var config = TrunkConfig.of(modelConfig);
    var bank = ExpertBank.of(modelConfig);
    try (var checkpoint = Checkpoint.open(directory);
        var compute = Compute.on(1, "trunk");
        var arena = Arena.ofShared();
        var pool = new KvPool(config, Models.KV_TOKENS)) {
      assertEquals(pool.bytes(), inspection.kept().orElseThrow().bytes());
      long loaded =
          Trunk.load(config, checkpoint, compute, arena, _ -> {}).bytes()
              + GateBank.load(modelConfig, checkpoint, bank, arena).stream()
                  .mapToLong(GateWeights::bytes)
                  .sum()
              + SharedExperts.load(modelConfig, checkpoint, bank, arena).stream()
                  .mapToLong(SharedExpert::bytes)
                  .sum();
      long planned = inspection.weights().orElseThrow().routerMemory();
      assertTrue(planned <= loaded, planned + " planned, " + loaded + " loaded");
      // What fills the last panels up is much of models as tiny as these, but little beside this.
      assertEquals(
          pool.bytes() + loaded, inspection.routerMemory().orElseThrow(), 0.03 * pool.bytes());
    }
  }

  private static long added(Path model) {
    return Models.inspect(model, 1).weights().orElseThrow().addedInMemory();
  }

  @Test
  void keysOfALatentAreWidenedToFloat32() {
    // of 60 layers, the 128 rows of 128 heads that make keys of a latent of 512
    assertEquals(60L * 128 * 128 * 512 * 2, added(Models.published("deepseek-v2")));
  }

  @Test
  void embeddingsThatAreTheHeadAreThereTwice() {
    assertEquals(32128L * 768 * Float.BYTES, added(Models.published("switch-base-8")));
  }

  @Test
  void whatIsPackedOfFloat16IsWidened(@TempDir Path directory) throws IOException {
    var mapper = new ObjectMapper();
    var config =
        (ObjectNode) mapper.readTree(Models.golden("mixtral").resolve("config.json").toFile());
    config.put("dtype", "float16");
    mapper.writeValue(directory.resolve("config.json").toFile(), config);
    var parts = Models.inspect(directory, 1).parameters().orElseThrow().byPart();
    long packed =
        Stream.of(Part.ATTENTION, Part.GATES, Part.HEAD)
            .mapToLong(part -> parts.getOrDefault(part, 0L))
            .sum();
    assertEquals(2 * packed, added(directory));
  }
}
