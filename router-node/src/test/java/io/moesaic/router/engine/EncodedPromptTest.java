package io.moesaic.router.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moesaic.router.capacity.LiveCapacity;
import io.moesaic.router.capacity.ModelCapacity;
import io.moesaic.router.gate.ModelPolicy;
import io.moesaic.router.sampling.Sampler;
import io.moesaic.router.sampling.SamplingParams;
import io.moesaic.router.trunk.KvPool;
import io.moesaic.router.trunk.TrunkConfig;
import io.moesaic.router.trunk.Trunks;
import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.Refused;
import io.moesaic.tensor.Tensor;
import io.moesaic.tensor.TestModels;
import io.moesaic.tensor.checkpoint.Checkpoint;
import io.moesaic.tensor.checkpoint.ModelConfig;
import io.moesaic.tensor.ffn.ExpertBank;
import io.moesaic.tensor.ffn.ExpertId;
import io.moesaic.tensor.ffn.PackedExpert;
import io.moesaic.tensor.kernel.Compute;
import io.moesaic.tensor.kernel.Kernels;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Texts of a model that encodes prompts, with drops by its own capacity.
class EncodedPromptTest {
  private static final long SEED = 20261122;
  private static final EngineLimits LIMITS = new EngineLimits(100, 3, 40);

  static List<Path> models() {
    return List.of(TestModels.switchTransformers(), TestModels.switchTransformersTight());
  }

  /// An engine with all experts at home.
  private static final class Bench implements AutoCloseable {
    private final Arena arena = Arena.ofShared();
    private final Compute compute = Compute.on(1, "experts");
    private final Checkpoint checkpoint;
    private final ExpertBank bank;
    private final Trunks trunks;
    private final LimitedMoe moe;
    private final Engine engine;

    Bench(Path model) {
      var config = ModelConfig.read(model);
      checkpoint = Checkpoint.open(model);
      bank = ExpertBank.of(config);
      trunks = new Trunks(model, TrunkConfig.of(config), 1);
      moe = new LimitedMoe(model, ModelPolicy.of(config), this::expert);
      engine =
          new Engine(
              trunks.trunk,
              moe,
              trunks.pool,
              new Sampler(Kernels.best()),
              LIMITS,
              new LiveCapacity(ModelCapacity.of(config), bank.layers()));
    }

    private float[] expert(ExpertId id, float[] x) {
      var packed = PackedExpert.pack(arena, bank.map(checkpoint, id, arena));
      var input = Matrix.allocate(1, x.length);
      var output = Matrix.allocate(1, x.length);
      System.arraycopy(x, 0, input.data(), 0, x.length);
      packed.forward(compute, input, output);
      return Arrays.copyOf(output.data(), x.length);
    }

    List<Client.Told> run(List<GenerationRequest> requests) throws Exception {
      List<Client> clients = new ArrayList<>();
      for (var request : requests) {
        clients.add(new Client());
        engine.submit(List.of(request), List.of(clients.getLast()));
      }
      List<Client.Told> told = new ArrayList<>();
      for (var client : clients) {
        told.add(client.await());
      }
      return told;
    }

    @Override
    public void close() {
      engine.close();
      assertEquals(trunks.pool.positions() / KvPool.BLOCK, trunks.pool.freeBlocks(), "free blocks");
      moe.close();
      trunks.close();
      checkpoint.close();
      compute.close();
      arena.close();
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void greedilyGeneratesWhatTheReferenceGenerates(Path model) throws Exception {
    try (var expected = Checkpoint.openFile(model.resolve("expected.safetensors"));
        var arena = Arena.ofShared();
        var bench = new Bench(model)) {
      var prompts = rows(expected.map("input_ids", arena));
      var texts = rows(expected.map("greedy_ids", arena));
      int length = texts.getFirst().length - 1;
      var told = bench.run(prompts.stream().map(p -> EngineBench.greedy(length, p)).toList());
      for (int i = 0; i < texts.size(); i++) {
        // Without the token that texts begin with.
        var text = Arrays.stream(texts.get(i)).skip(1).boxed().toList();
        assertEquals(text, told.get(i).tokens());
        assertEquals(FinishReason.LENGTH, told.get(i).end());
      }
    }
  }

  private static List<int[]> rows(Tensor ids) {
    int length = (int) ids.shape().dim(1);
    return IntStream.range(0, (int) ids.shape().dim(0))
        .mapToObj(
            row ->
                IntStream.range(0, length)
                    .map(i -> (int) ids.getLong((long) row * length + i))
                    .toArray())
        .toList();
  }

  @Test
  void aTextIsTheSameAloneAndInCompany() throws Exception {
    var random = new Random(SEED);
    List<GenerationRequest> requests = new ArrayList<>();
    for (int length : new int[] {1, 40, 7, 33, 12, 3, 28}) {
      var prompt = random.ints(length, 2, 128).toArray();
      var sampling = length % 2 == 0 ? SamplingParams.GREEDY : EngineBench.seeded(length);
      requests.add(
          new GenerationRequest(prompt, 1 + random.nextInt(20), 0, sampling, Set.of(), false));
    }
    try (var bench = new Bench(TestModels.switchTransformersTight())) {
      List<Client.Told> alone = new ArrayList<>();
      for (var request : requests) {
        alone.addAll(bench.run(List.of(request)));
      }
      assertEquals(alone, bench.run(requests), "seed " + SEED);
    }
  }

  @Test
  void whatSuchAModelCannotDoIsRefused() {
    try (var bench = new Bench(TestModels.switchTransformers())) {
      var tooLong = EngineBench.greedy(1, new int[41]);
      refused(bench, tooLong, "the prompt has 41 tokens, must have at most 40");
      var scored = new GenerationRequest(new int[2], 1, 0, SamplingParams.GREEDY, Set.of(), true);
      refused(bench, scored, "the prompt cannot be scored");
    }
  }

  private static void refused(Bench bench, GenerationRequest request, String words) {
    var sentence =
        Refused.with(
            IllegalArgumentException.class,
            () -> bench.engine.submit(List.of(request), List.of(new Client())));
    assertTrue(sentence.contains(words), sentence);
  }
}
