package io.moesaic.router.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;

import io.moesaic.router.sampling.Sampler;
import io.moesaic.router.sampling.SamplingParams;
import io.moesaic.router.sampling.SamplingParams.Penalties;
import io.moesaic.router.sampling.TokenScore;
import io.moesaic.router.trunk.KvPool;
import io.moesaic.tensor.TestModels;
import io.moesaic.tensor.checkpoint.Checkpoint;
import io.moesaic.tensor.kernel.Kernels;
import io.moesaic.tensor.kernel.Randoms;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// The engine's part of the promise: a text and its logprobs have the same bits whoever else is
/// served, and however the work is cut into steps.
class SameTextTest {
  private static final int VOCABULARY = 128;

  private final Randoms random = new Randoms(Arena.ofAuto());

  private int[] prompt(int length) {
    return IntStream.range(0, length).map(_ -> random.between(2, VOCABULARY - 1)).toArray();
  }

  /// Greedy and seeded ones, short and long, with and without scores of the prompt.
  private List<GenerationRequest> requests() {
    List<GenerationRequest> requests = new ArrayList<>();
    int[] lengths = {1, 2, 5, 23, 63, 64, 65, 100, 1, 17, 31, 9};
    for (int i = 0; i < lengths.length; i++) {
      var sampling =
          switch (i % 3) {
            case 0 -> SamplingParams.GREEDY;
            case 1 -> EngineBench.seeded(random.between(0, 1 << 20));
            default ->
                new SamplingParams(
                    1.3f,
                    1,
                    0,
                    0.02f,
                    i,
                    3,
                    new Penalties(1.2f, 0.3f, 0.1f),
                    Map.of(random.between(0, 127), 3f));
          };
      int maxTokens = i % 5 == 4 ? 0 : random.between(1, 24);
      requests.add(
          new GenerationRequest(
              prompt(lengths[i]), maxTokens, 0, sampling, Set.of(1), i % 4 == 2 || maxTokens == 0));
    }
    return requests;
  }

  private static List<Client.Told> together(EngineBench bench, List<GenerationRequest> requests)
      throws Exception {
    List<Client> clients = new ArrayList<>();
    for (var request : requests) {
      clients.add(bench.submit(request));
    }
    List<Client.Told> told = new ArrayList<>();
    for (var client : clients) {
      told.add(client.await());
    }
    return told;
  }

  @Test
  void greedilyGeneratesWhatTheReferenceGenerates() throws Exception {
    List<GenerationRequest> requests = new ArrayList<>();
    List<List<Integer>> texts = new ArrayList<>();
    try (var expected = Checkpoint.openFile(TestModels.mixtral().resolve("expected.safetensors"));
        var arena = Arena.ofShared()) {
      int promptLength = (int) expected.map("input_ids", arena).shape().dim(1);
      var ids = expected.map("greedy_ids", arena);
      int length = (int) ids.shape().dim(1);
      for (int text = 0; text < ids.shape().dim(0); text++) {
        long first = (long) text * length;
        int[] tokens = IntStream.range(0, length).map(i -> (int) ids.getLong(first + i)).toArray();
        int[] prompt = Arrays.copyOf(tokens, promptLength);
        requests.add(EngineBench.greedy(length - promptLength, prompt));
        texts.add(Arrays.stream(tokens).skip(promptLength).boxed().toList());
      }
    }
    try (var bench = new EngineBench(EngineBench.WIDE)) {
      assertEquals(texts, together(bench, requests).stream().map(Client.Told::tokens).toList());
    }
  }

  @Test
  void aTextIsTheSameAloneAndInAnyCompany() throws Exception {
    var requests = requests();
    var alone = EngineBench.alone(requests);
    for (var limits :
        List.of(
            EngineBench.WIDE,
            new EngineLimits(100, 3, 3),
            new EngineLimits(100, 5, 7),
            new EngineLimits(100, 12, 1000))) {
      try (var bench = new EngineBench(limits)) {
        assertEquals(alone, together(bench, requests), limits + " " + random.seed());
      }
    }
    // Room for two blocks, of which the longest take both: most have to wait for memory.
    try (var bench = new EngineBench(EngineBench.WIDE, 2 * KvPool.BLOCK)) {
      assertEquals(alone, together(bench, requests), random.seed());
    }
  }

  @Test
  void aTextIsTheSameWheneverItIsAskedFor() throws Exception {
    var requests = requests();
    var alone = EngineBench.alone(requests);
    List<Integer> order = new ArrayList<>(IntStream.range(0, requests.size()).boxed().toList());
    for (int round = 0; round < 4; round++) {
      Collections.shuffle(order, new Random(random.between(0, 1 << 20)));
      try (var bench = new EngineBench(new EngineLimits(100, 6, 20), 5 * KvPool.BLOCK)) {
        var clients = new Client[requests.size()];
        for (int index : order) {
          clients[index] = bench.submit(requests.get(index));
          LockSupport.parkNanos(random.between(0, 5_000_000));
        }
        for (int index : order) {
          assertEquals(alone.get(index), clients[index].await(), random.seed());
        }
      }
    }
  }

  @Test
  void anotherSeedGivesAnotherText() throws Exception {
    var prompt = prompt(12);
    List<GenerationRequest> requests = new ArrayList<>();
    for (int seed = 0; seed < 3; seed++) {
      requests.add(new GenerationRequest(prompt, 30, 0, EngineBench.seeded(seed), Set.of(), false));
    }
    var told = EngineBench.alone(requests);
    assertNotEquals(told.get(0).tokens(), told.get(1).tokens());
    assertNotEquals(told.get(1).tokens(), told.get(2).tokens());
  }

  /// An echo's scores are those of the logits that one pass over the whole prompt gives.
  @Test
  void scoresAPromptAsOnePassOverItDoes() throws Exception {
    for (int stepTokens : new int[] {2, 16, 200}) {
      try (var bench = new EngineBench(new EngineLimits(10, 2, stepTokens))) {
        var prompt = prompt(70);
        var logits = bench.trunks.logits(prompt, bench.experts);
        List<TokenScore> expected = new ArrayList<>();
        expected.add(TokenScore.unscored(prompt[0]));
        for (int i = 1; i < prompt.length; i++) {
          expected.add(new Sampler(Kernels.scalar()).score(logits, i - 1, prompt[i], 2));
        }
        var request = new GenerationRequest(prompt, 3, 0, EngineBench.seeded(4), Set.of(), true);
        var told = bench.run(request);
        assertEquals(expected, told.prompt(), random.seed());
        assertEquals(3, told.text().size());
        assertEquals(FinishReason.LENGTH, told.end());
      }
    }
  }
}
