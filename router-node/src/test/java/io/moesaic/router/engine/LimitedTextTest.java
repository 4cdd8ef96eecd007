package io.moesaic.router.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moesaic.router.capacity.CapacityJson;
import io.moesaic.router.capacity.CapacityPolicy;
import io.moesaic.router.capacity.MoeTotals;
import io.moesaic.router.engine.Generator.Generation;
import io.moesaic.router.gate.RoutingPolicy;
import io.moesaic.router.gate.RoutingPolicy.ExpertChoice;
import io.moesaic.router.gate.RoutingPolicy.NoisyTopK;
import io.moesaic.router.gate.RoutingPolicy.SoftmaxTopK;
import io.moesaic.router.sampling.SamplingParams;
import io.moesaic.router.trunk.KvPool;
import io.moesaic.tensor.Refused;
import io.moesaic.tensor.kernel.Randoms;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// The promise under limits: experts that are full drop tokens, but never because of who else is
/// served, unless that was asked for.
class LimitedTextTest {
  private static final RoutingPolicy TOP_2 = new SoftmaxTopK(2, true, 1);

  /// Windows of 17 positions, which no prompt's length is a multiple of.
  private static final EngineLimits LIMITS = new EngineLimits(100, 8, 24);

  private static final CapacityPolicy PER_SEQUENCE = CapacityJson.parse("{\"factor\": 0.75}");
  private static final CapacityPolicy PER_REQUEST =
      CapacityJson.parse(
          "{\"factor\": 0.5, \"scope\": \"request\", \"overflow\": \"next_choice\"}");
  private static final CapacityPolicy PER_STEP =
      CapacityJson.parse("{\"factor\": 0.5, \"scope\": \"step\"}");

  private final Randoms random = new Randoms(Arena.ofAuto());

  private int[] prompt(int length) {
    return IntStream.range(0, length).map(_ -> random.between(2, 127)).toArray();
  }

  /// The texts of one request, some of them short, some scored.
  private List<GenerationRequest> texts(Optional<CapacityPolicy> capacity, int... lengths) {
    List<GenerationRequest> texts = new ArrayList<>();
    for (int length : lengths) {
      var sampling =
          length % 2 == 0 ? SamplingParams.GREEDY : EngineBench.seeded(random.between(0, 1 << 20));
      texts.add(
          new GenerationRequest(
              prompt(length),
              random.between(1, 16),
              0,
              sampling,
              Set.of(1),
              length % 3 == 0,
              new MoeOptions(capacity, true, true)));
    }
    return texts;
  }

  /// Requests that leave the capacity to the operator, and others that bring their own.
  private List<List<GenerationRequest>> requests() {
    var limited = Optional.of(PER_SEQUENCE);
    var together = Optional.of(PER_REQUEST);
    return List.of(
        texts(Optional.empty(), 1),
        texts(Optional.empty(), 40, 18),
        texts(limited, 33),
        texts(limited, 5, 70),
        texts(together, 61),
        texts(together, 9, 50, 1, 23),
        texts(together, 3, 4),
        texts(Optional.of(CapacityPolicy.DROPLESS), 44),
        texts(
            Optional.of(
                CapacityJson.parse("{\"factor\": 0.6, \"priority\": \"random\", \"seed\": 4}")),
            37));
  }

  private static List<Client.Told> await(List<Client> clients) throws Exception {
    List<Client.Told> told = new ArrayList<>();
    for (var client : clients) {
      told.add(client.await());
    }
    return told;
  }

  private static EngineBench bench(CapacityPolicy standing, RoutingPolicy routing) {
    return new EngineBench(LIMITS, 16 * KvPool.BLOCK, standing, routing);
  }

  private static List<List<Client.Told>> alone(
      List<List<GenerationRequest>> requests, CapacityPolicy standing, RoutingPolicy routing)
      throws Exception {
    List<List<Client.Told>> told = new ArrayList<>();
    try (var bench = bench(standing, routing)) {
      for (var request : requests) {
        told.add(await(bench.submitTogether(request)));
        bench.awaitIdle();
      }
    }
    return told;
  }

  private static MoeTotals sum(List<List<Client.Told>> told) {
    return told.stream()
        .flatMap(List::stream)
        .map(Client.Told::moe)
        .reduce(MoeTotals.NONE, MoeTotals::plus);
  }

  @Test
  void aLimitedTextIsTheSameAloneAndInAnyCompany() throws Exception {
    for (var standing : List.of(PER_SEQUENCE, PER_REQUEST)) {
      assertSameInAnyCompany(standing, TOP_2);
    }
  }

  @Test
  void expertsThatChooseChooseTheSameInAnyCompany() throws Exception {
    assertSameInAnyCompany(CapacityPolicy.DROPLESS, new ExpertChoice(2));
    assertSameInAnyCompany(PER_REQUEST, new ExpertChoice(2));
  }

  @Test
  void noiseIsOfTheRequestAndNotOfItsPlaceInTheStep() throws Exception {
    assertSameInAnyCompany(PER_SEQUENCE, new NoisyTopK(2, true, 0.5));
  }

  private void assertSameInAnyCompany(CapacityPolicy standing, RoutingPolicy routing)
      throws Exception {
    var requests = requests();
    var alone = alone(requests, standing, routing);
    if (!(routing instanceof ExpertChoice)) {
      assertTrue(sum(alone).dropped() > 0, "nothing is dropped");
    }
    var order = new ArrayList<>(IntStream.range(0, requests.size()).boxed().toList());
    for (int round = 0; round < 3; round++) {
      Collections.shuffle(order, new Random(random.between(0, 1 << 20)));
      try (var bench = bench(standing, routing)) {
        List<List<Client>> clients = new ArrayList<>(Collections.nCopies(order.size(), List.of()));
        for (int index : order) {
          clients.set(index, bench.submitTogether(requests.get(index)));
          bench.submitTogether(texts(Optional.of(PER_STEP), random.between(1, 40)));
          LockSupport.parkNanos(random.between(0, 3_000_000));
        }
        for (int index : order) {
          assertEquals(
              alone.get(index),
              await(clients.get(index)),
              "%s, request %d, %s".formatted(routing, index, random.seed()));
        }
        bench.awaitIdle();
      }
    }
  }

  @Test
  void aLimitChangesTextsAndAWideOneDoesNot() throws Exception {
    List<List<GenerationRequest>> requests = List.of(texts(Optional.empty(), 60, 61));
    var free = alone(requests, CapacityPolicy.DROPLESS, TOP_2);
    assertEquals(0, sum(free).dropped());
    assertNotEquals(free, alone(requests, PER_SEQUENCE, TOP_2), random.seed());
    assertEquals(
        free, alone(requests, CapacityJson.parse("{\"factor\": 8}"), TOP_2), random.seed());
  }

  @Test
  void whenATextIsCancelledDoesNotMatterToThoseCountedWithIt() throws Exception {
    var texts = texts(Optional.of(PER_REQUEST), 40, 7, 40, 21);
    var together = alone(List.of(texts), CapacityPolicy.DROPLESS, TOP_2).getFirst();
    assertNotEquals(
        together.subList(2, 4),
        alone(List.of(texts.subList(2, 4)), CapacityPolicy.DROPLESS, TOP_2).getFirst(),
        "the texts that are cancelled have no influence to begin with");
    for (int round = 0; round < 6; round++) {
      try (var bench = bench(CapacityPolicy.DROPLESS, TOP_2)) {
        var clients = texts.stream().map(_ -> new Client()).toList();
        var generations = bench.engine.submit(texts, clients);
        LockSupport.parkNanos(random.between(0, 5_000_000) * (long) round);
        generations.get(0).cancel();
        LockSupport.parkNanos(random.between(0, 1_000_000));
        generations.get(1).cancel();
        assertEquals(
            together.subList(2, 4),
            List.of(clients.get(2).await(), clients.get(3).await()),
            random.seed());
        bench.awaitIdle();
      }
    }
  }

  @Test
  void aRequestThatNobodyWaitsForEnds() throws Exception {
    try (var bench = bench(PER_REQUEST, TOP_2)) {
      bench.moe.stepByStep();
      var texts = List.of(EngineBench.greedy(500, 3, 4), EngineBench.greedy(500, 5));
      var clients = List.of(new Client(), new Client());
      var generations = bench.engine.submit(texts, clients);
      bench.moe.awaitStep();
      generations.forEach(Generation::cancel);
      bench.moe.allow();
      bench.awaitIdle();
      assertTrue(clients.stream().noneMatch(Client::hasEnded));
      bench.moe.run();
    }
  }

  @Test
  void aTextThatFailsFailsThoseCountedWithItAndNobodyElse() throws Exception {
    var other = texts(Optional.of(PER_SEQUENCE), 12);
    var alone = alone(List.of(other), PER_REQUEST, TOP_2).getFirst();
    try (var bench = bench(PER_REQUEST, TOP_2)) {
      bench.moe.stepByStep();
      var first = bench.submitTogether(texts(Optional.empty(), 2));
      bench.moe.awaitStep();
      var texts = texts(Optional.empty(), 4, 3);
      var clients = bench.submitTogether(texts);
      var beside = bench.submitTogether(other);
      // The first one's 2 rows are over: now come windows of 4 and 3 rows, and one of 12.
      bench.moe.strikeWith(
          (_, rows, failures) -> {
            if (rows >= 19) {
              failures.refuse(rows - 12 - 3, "row 0 of the second text is not a number");
            }
          });
      bench.moe.run();
      for (var told : await(clients)) {
        assertEquals(
            new GenerationFailure(
                GenerationFailure.Code.INTERNAL, "row 0 of the second text is not a number"),
            told.end());
      }
      assertEquals(alone, await(beside), random.seed());
      await(first);
    }
  }

  @Test
  void anotherCapacityIsInForceFromTheNextStepOn() throws Exception {
    try (var bench = bench(CapacityPolicy.DROPLESS, TOP_2)) {
      var request =
          EngineBench.greedy(4, prompt(40)).with(new MoeOptions(Optional.empty(), true, false));
      bench.moe.stepByStep();
      var client = bench.submitTogether(List.of(request)).getFirst();
      // 24 rows of 40 without a limit, then 16 with one that admits a choice for each expert.
      bench.moe.awaitStep();
      bench.capacity.replace(CapacityJson.parse("{\"rule\": \"fixed\", \"capacity\": 1}"));
      bench.moe.allow();
      bench.moe.awaitStep();
      bench.capacity.replace(CapacityPolicy.DROPLESS);
      bench.moe.run();
      var moe = client.await().moe();
      // 43 positions with 2 layers of 2 choices each
      assertEquals(43 * 4, moe.offered());
      // From 24, a multiple of no window, the next window ends at 34.
      assertTrue(
          moe.dropped() >= 2 * (2 * 10 - 8) && moe.dropped() < 2 * (2 * 10),
          moe + " " + random.seed());
    }
  }

  @Test
  void tellsTheExpertsOfEveryPositionAndWhichWereDropped() throws Exception {
    var requests = List.of(texts(Optional.of(PER_SEQUENCE), 30, 1));
    for (var told : alone(requests, CapacityPolicy.DROPLESS, TOP_2).getFirst()) {
      int index = told.prompt().isEmpty() ? 1 : 0;
      int prompt = index == 0 ? 30 : 1;
      int stop = told.end() == FinishReason.STOP ? 1 : 0;
      assertEquals(prompt + told.text().size() - 1 + stop, told.experts().size());
      long dropped =
          told.experts().stream().flatMap(List::stream).filter(expert -> expert == -1).count();
      assertEquals(told.moe().dropped(), dropped, random.seed());
      assertEquals(told.experts().size() * 4L, told.moe().offered());
      assertEquals(told.moe().offered(), told.moe().accepted() + told.moe().dropped());
      assertTrue(
          told.experts().stream()
              .allMatch(e -> e.size() == 4 && e.stream().allMatch(x -> x >= -1 && x < 8)));
    }
  }

  @Test
  void textsThatCannotRunTogetherAreRefused() throws Exception {
    try (var bench = new EngineBench(LIMITS, 4 * KvPool.BLOCK, PER_REQUEST, TOP_2)) {
      var texts = Collections.nCopies(5, EngineBench.greedy(1, 3));
      var clients = texts.stream().map(_ -> new Client()).toList();
      assertEquals(
          "with capacity scope request, the 5 texts of a request are computed together, but there"
              + " is memory for 256 positions only, and for 8 texts: ask for fewer",
          Refused.with(IllegalArgumentException.class, () -> bench.engine.submit(texts, clients)));
      assertEquals(4, await(bench.submitTogether(texts.subList(0, 4))).size());
      // They came before the operator asked for lockstep: they run one by one then.
      bench.capacity.replace(CapacityPolicy.DROPLESS);
      bench.moe.stepByStep();
      var first = bench.submitTogether(texts.subList(0, 1));
      bench.moe.awaitStep();
      var many = bench.submitTogether(texts);
      bench.capacity.replace(PER_REQUEST);
      bench.moe.run();
      await(first);
      assertEquals(5, await(many).size());
    }
  }
}
