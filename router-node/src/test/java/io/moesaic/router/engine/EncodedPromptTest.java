package io.moesaic.router.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moesaic.router.capacity.CapacityJson;
import io.moesaic.router.capacity.LiveCapacity;
import io.moesaic.router.capacity.ModelCapacity;
import io.moesaic.router.gate.ModelPolicy;
import io.moesaic.router.sampling.Sampler;
import io.moesaic.router.sampling.SamplingParams;
import io.moesaic.router.sampling.SamplingParams.Penalties;
import io.moesaic.router.trunk.KvPool;
import io.moesaic.router.trunk.RowFailures;
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
import java.util.Map;
import java.util.Optional;
import java.util.OptionalInt;
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
    private volatile boolean expertsAreGone;

    Bench(Path model) {
      var config = ModelConfig.read(model);
      checkpoint = Checkpoint.open(model);
      bank = ExpertBank.of(config);
      trunks = new Trunks(model, TrunkConfig.of(config), 1);
      moe = new LimitedMoe(model, ModelPolicy.of(config), this::expert);
      engine =
          new Engine(
              trunks.trunk,
              OptionalInt.of(0),
              rows -> expertsAreGone ? Bench::gone : moe.step(rows),
              trunks.pool,
              new Sampler(Kernels.best()),
              LIMITS,
              new LiveCapacity(ModelCapacity.of(config), bank.layers()));
    }

    private static void gone(int layer, Matrix hidden, Matrix output, RowFailures failures) {
      for (int row = 0; row < hidden.rows(); row++) {
        failures.fail(row, "the expert nodes are gone");
      }
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

    /// The texts of one request.
    ///
    /// @param cancelled how many of them are cancelled at once
    /// @return what was told of the others
    List<Client.Told> together(List<GenerationRequest> texts, int cancelled) throws Exception {
      var clients = texts.stream().map(_ -> new Client()).toList();
      engine.submit(texts, clients).stream().limit(cancelled).forEach(Generator.Generation::cancel);
      List<Client.Told> told = new ArrayList<>();
      for (var client : clients.subList(cancelled, clients.size())) {
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

  /// What the encoder reads is no repetition: the text has not said it.
  @Test
  void aPenaltyForRepetitionKnowsTheTextOnly() throws Exception {
    var random = new Random(SEED);
    var never = new SamplingParams(0, 1, 0, 0, 0, 0, new Penalties(1e6f, 0, 0), Map.of());
    int repeated = 0;
    try (var bench = new Bench(TestModels.switchTransformers())) {
      for (int i = 0; i < 20; i++) {
        var prompt = random.ints(40, 2, 128).toArray();
        int first =
            bench.run(List.of(EngineBench.greedy(1, prompt))).getFirst().tokens().getFirst();
        var penalised = new GenerationRequest(prompt, 1, 0, never, Set.of(), false);
        assertEquals(List.of(first), bench.run(List.of(penalised)).getFirst().tokens());
        repeated += Arrays.stream(prompt).anyMatch(token -> token == first) ? 1 : 0;
      }
    }
    assertTrue(repeated > 0, "prompts that hold what is generated first, seed " + SEED);
  }

  @Test
  void textsThatAreCountedTogetherDoNotNoticeThatOneIsCancelled() throws Exception {
    var random = new Random(SEED);
    var capacity = CapacityJson.parse("{\"factor\": 0.5, \"scope\": \"request\"}");
    var together = new MoeOptions(Optional.of(capacity), true, false);
    var texts =
        IntStream.of(17, 9, 12)
            .mapToObj(length -> EngineBench.greedy(8, random.ints(length, 2, 128).toArray()))
            .map(text -> text.with(together))
            .toList();
    try (var bench = new Bench(TestModels.switchTransformers())) {
      var expected = bench.together(texts, 0);
      assertEquals(expected.subList(1, 3), bench.together(texts, 1));
      assertTrue(expected.getLast().moe().dropped() > 0, expected.toString());
    }
  }

  @Test
  void aPromptWhoseExpertsAreGoneFailsAndFreesItsMemory() throws Exception {
    try (var bench = new Bench(TestModels.switchTransformers())) {
      var request = EngineBench.greedy(4, 5, 6, 7);
      bench.expertsAreGone = true;
      var failure = bench.run(List.of(request)).getFirst().failure();
      assertEquals(GenerationFailure.Code.EXPERT_UNAVAILABLE, failure.code());
      bench.expertsAreGone = false;
      assertEquals(FinishReason.LENGTH, bench.run(List.of(request)).getFirst().end());
    }
  }

  @Test
  void whatSuchAModelCannotDoIsRefused() {
    try (var bench = new Bench(TestModels.switchTransformers())) {
      var tooLong = EngineBench.greedy(1, new int[41]);
      refused(bench, tooLong, "the prompt has 41 tokens, must have at most 40");
      var scored = new GenerationRequest(new int[2], 1, 0, SamplingParams.GREEDY, Set.of(), true);
      refused(bench, scored, "the prompt cannot be scored");
      var routed = EngineBench.greedy(1, 2).with(new MoeOptions(Optional.empty(), false, true));
      refused(bench, routed, "experts cannot be told by position");
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
