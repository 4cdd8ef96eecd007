package io.moesaic.router.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moesaic.router.capacity.CapacityPolicy;
import io.moesaic.router.capacity.LiveCapacity;
import io.moesaic.router.engine.Generator.Generation;
import io.moesaic.router.gate.RoutingPolicy;
import io.moesaic.router.moe.MoeObserver;
import io.moesaic.router.moe.ReferenceMoe;
import io.moesaic.router.sampling.Sampler;
import io.moesaic.router.sampling.SamplingParams;
import io.moesaic.router.sampling.SamplingParams.Penalties;
import io.moesaic.router.trunk.KvPool;
import io.moesaic.router.trunk.TrunkConfig;
import io.moesaic.router.trunk.Trunks;
import io.moesaic.tensor.TestModels;
import io.moesaic.tensor.checkpoint.ModelConfig;
import io.moesaic.tensor.kernel.Kernels;
import io.moesaic.wire.WireType;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// An engine over the tiny Mixtral, with all experts at home. Closing it checks that everything was
/// given back.
final class EngineBench implements AutoCloseable {
  static final EngineLimits WIDE = new EngineLimits(100, 16, 64);

  final SteppedMoe moe;
  final LiveCapacity capacity;
  final Engine engine;
  final Trunks trunks;
  final ReferenceMoe experts;
  private final KvPool pool;
  private final @Nullable LimitedMoe limited;

  EngineBench(EngineLimits limits) {
    this(limits, 16 * KvPool.BLOCK);
  }

  /// @param positions that there is memory for
  EngineBench(EngineLimits limits, int positions) {
    this(limits, positions, CapacityPolicy.DROPLESS, null);
  }

  /// Experts that may be limited.
  ///
  /// @param routing null for blocks without a gate to be limited, which are the plainest
  EngineBench(
      EngineLimits limits, int positions, CapacityPolicy first, @Nullable RoutingPolicy routing) {
    trunks =
        new Trunks(TestModels.mixtral(), TrunkConfig.of(ModelConfig.read(TestModels.mixtral())), 1);
    experts = new ReferenceMoe(TestModels.mixtral(), WireType.F32, MoeObserver.NONE);
    limited =
        routing == null ? null : new LimitedMoe(TestModels.mixtral(), routing, experts::expert);
    moe = new SteppedMoe(limited == null ? _ -> experts : limited);
    capacity = new LiveCapacity(first, trunks.config.moeLayers());
    pool = new KvPool(trunks.config, positions);
    engine =
        new Engine(
            trunks.trunk,
            OptionalInt.empty(),
            moe,
            pool,
            new Sampler(Kernels.best()),
            limits,
            capacity);
  }

  static SamplingParams seeded(long seed) {
    return new SamplingParams(0.8f, 0.95f, 40, 0, seed, 2, Penalties.NONE, Map.of());
  }

  static GenerationRequest greedy(int maxTokens, int... prompt) {
    return new GenerationRequest(prompt, maxTokens, 0, SamplingParams.GREEDY, Set.of(), false);
  }

  Client submit(GenerationRequest request) throws QueueFullException {
    var client = new Client();
    submit(request, client);
    return client;
  }

  Generation submit(GenerationRequest request, GenerationListener listener)
      throws QueueFullException {
    return engine.submit(List.of(request), List.of(listener)).getFirst();
  }

  /// Asks for the texts of one request.
  List<Client> submitTogether(List<GenerationRequest> texts) throws QueueFullException {
    var clients = texts.stream().map(_ -> new Client()).toList();
    engine.submit(texts, clients);
    return clients;
  }

  Client.Told run(GenerationRequest request) throws Exception {
    return submit(request).await();
  }

  /// What each request is told when it is the only one.
  static List<Client.Told> alone(List<GenerationRequest> requests) throws Exception {
    try (var bench = new EngineBench(WIDE)) {
      List<Client.Told> told = new ArrayList<>();
      for (var request : requests) {
        told.add(bench.run(request));
        bench.awaitIdle();
      }
      return told;
    }
  }

  /// Waits until nothing is left to do, and checks that all memory is free again.
  void awaitIdle() {
    long end = System.nanoTime() + 30_000_000_000L;
    while (engine.unfinished() > 0 && System.nanoTime() - end < 0) {
      LockSupport.parkNanos(100_000);
    }
    assertReleased();
  }

  private void assertReleased() {
    assertEquals(0, engine.unfinished(), "requests that have not ended");
    assertEquals(pool.positions() / KvPool.BLOCK, pool.freeBlocks(), "free blocks");
  }

  @Override
  public void close() {
    engine.close();
    assertReleased();
    pool.close();
    if (limited != null) {
      limited.close();
    }
    experts.close();
    trunks.close();
  }
}
