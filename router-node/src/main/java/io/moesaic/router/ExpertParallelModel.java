package io.moesaic.router;

import io.moesaic.router.capacity.CapacityPolicy;
import io.moesaic.router.capacity.ModelCapacity;
import io.moesaic.router.capacity.StepRows;
import io.moesaic.router.engine.MoeBlocks;
import io.moesaic.router.gate.RoutingPolicy;
import io.moesaic.router.moe.ExpertParallelMoe;
import io.moesaic.router.moe.MoeObserver;
import io.moesaic.router.trunk.KvPool;
import io.moesaic.router.trunk.MoeLayer;
import io.moesaic.router.trunk.Trunk;
import io.moesaic.router.trunk.TrunkConfig;
import io.moesaic.tensor.checkpoint.Checkpoint;
import io.moesaic.tensor.checkpoint.LoadProgress;
import io.moesaic.tensor.checkpoint.ModelConfig;
import io.moesaic.tensor.kernel.Compute;
import java.lang.foreign.Arena;

/// A language model whose trunk is in this process and whose experts are on other nodes: what an
/// engine, or a verification, runs. Owns all of it.
public final class ExpertParallelModel implements MoeBlocks, AutoCloseable {
  private final Owned owned = new Owned();
  private final TrunkConfig config;
  private final CapacityPolicy capacity;
  private final Compute compute;
  private final Trunk trunk;
  private final KvPool pool;
  private final ExpertParallelLayers layers;
  private final ExpertParallelMoe moe;

  private ExpertParallelModel(ModelSettings settings, MoeObserver observer, LoadProgress progress) {
    try (var checkpoint = Checkpoint.open(settings.model())) {
      var modelConfig = ModelConfig.read(settings.model());
      config = TrunkConfig.of(modelConfig).withRotary(settings.rotary());
      if (config.encodesPrompts() && settings.kvPositions() <= KvPool.BLOCK) {
        throw new IllegalArgumentException(
            ("there is memory for %d positions, must be for more than %d, as prompts and texts are"
                    + " kept apart: raise --kv-tokens")
                .formatted(settings.kvPositions(), KvPool.BLOCK));
      }
      capacity = ModelCapacity.of(modelConfig);
      compute = owned.add(Compute.on(settings.threads(), "trunk"));
      trunk = load(checkpoint, progress);
      pool = owned.add(new KvPool(config, settings.kvPositions()));
      layers = owned.add(ExpertParallelLayers.open(settings, checkpoint, modelConfig));
      moe = layers.blocks(compute, observer);
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  /// Loads the trunk and begins to connect to the expert nodes, which may come later.
  ///
  /// @throws io.moesaic.tensor.checkpoint.CheckpointException when the model cannot be used
  /// @throws IllegalArgumentException when the policy of the settings does not fit the model
  public static ExpertParallelModel open(
      ModelSettings settings, MoeObserver observer, LoadProgress progress) {
    return new ExpertParallelModel(settings, observer, progress);
  }

  private Trunk load(Checkpoint checkpoint, LoadProgress progress) {
    long total = Trunk.storedBytes(config, checkpoint);
    progress.loaded(0, total);
    var arena = owned.add(Arena.ofShared());
    var loaded =
        Trunk.load(
            config, checkpoint, compute, arena, b -> progress.loaded(Math.min(b, total), total));
    progress.loaded(total, total);
    return loaded;
  }

  public TrunkConfig config() {
    return config;
  }

  /// What is a part of the model.
  public CapacityPolicy capacity() {
    return capacity;
  }

  public Compute compute() {
    return compute;
  }

  public Trunk trunk() {
    return trunk;
  }

  public KvPool pool() {
    return pool;
  }

  public ExpertParallelLayers layers() {
    return layers;
  }

  /// The MoE blocks for one step of the thread that computes, by the routing policy that was set.
  @Override
  public MoeLayer step(StepRows rows) {
    return moe.step(layers.policy(), rows);
  }

  @Override
  public boolean expertsChoose() {
    return layers.policy() instanceof RoutingPolicy.ExpertChoice;
  }

  /// Bytes of weights and of keys and values.
  public long memoryBytes() {
    return trunk.bytes() + pool.bytes() + layers.memoryBytes();
  }

  /// Most tokens of a prompt and its text together for which there is memory, whatever their
  /// shares.
  public int maxSequence() {
    int apart = config.encodesPrompts() ? KvPool.BLOCK : 0;
    return Math.min(config.maxPositions(), pool.positions() - apart);
  }

  /// Most token rows of one forward pass.
  public int maxStepTokens() {
    return layers.maxStepRows();
  }

  /// Nothing may be running on it.
  ///
  /// @throws IllegalStateException when a buffer leaked
  @Override
  public void close() {
    owned.close();
  }
}
