package io.moesaic.router;

import io.moesaic.router.dispatch.Dispatcher;
import io.moesaic.router.dispatch.ExpertFleet;
import io.moesaic.router.gate.Gate;
import io.moesaic.router.moe.Combine;
import io.moesaic.router.moe.ExpertParallelMoe;
import io.moesaic.router.moe.MoeObserver;
import io.moesaic.router.trunk.KvPool;
import io.moesaic.router.trunk.MoeLayer;
import io.moesaic.router.trunk.Trunk;
import io.moesaic.router.trunk.TrunkConfig;
import io.moesaic.router.trunk.TrunkWeights;
import io.moesaic.tensor.Shape;
import io.moesaic.tensor.checkpoint.Checkpoint;
import io.moesaic.tensor.checkpoint.LoadProgress;
import io.moesaic.tensor.checkpoint.ModelConfig;
import io.moesaic.tensor.ffn.ExpertBank;
import io.moesaic.tensor.kernel.Compute;
import io.moesaic.tensor.kernel.PackedMatrix;
import io.moesaic.wire.TokenSchema;
import io.moesaic.wire.Transport;
import io.moesaic.wire.WireLimits;
import java.lang.foreign.Arena;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;

/// A model whose trunk is in this process and whose experts are on other nodes: what an engine, or
/// a verification, runs. Owns all of it.
public final class ExpertParallelModel implements AutoCloseable {
  /// Off-heap memory for batches on their way out and replies on their way in.
  private static final long WIRE_BYTES = 1L << 30;

  /// More rows do not make the kernels faster, and who decodes waits for them.
  private static final int MAX_STEP_TOKENS = 512;

  /// More than the parts of a message before its body take.
  private static final int HEAD_BYTES = 1 << 20;

  private final Deque<AutoCloseable> owned = new ArrayDeque<>();
  private final TrunkConfig config;
  private final int expertsPerToken;
  private final TrunkWeights weights;
  private final Compute compute;
  private final Trunk trunk;
  private final KvPool pool;
  private final ExpertFleet fleet;
  private final MoeLayer moe;

  private ExpertParallelModel(ModelSettings settings, MoeObserver observer, LoadProgress progress) {
    try (var checkpoint = Checkpoint.open(settings.model())) {
      var modelConfig = ModelConfig.read(settings.model());
      var bank = ExpertBank.of(modelConfig);
      config = TrunkConfig.of(modelConfig).withRotary(settings.rotary());
      expertsPerToken = modelConfig.integer("num_experts_per_tok", 1, bank.experts());
      compute = own(Compute.on(settings.threads(), "trunk"));
      weights = load(checkpoint, progress);
      pool = own(new KvPool(config, settings.kvPositions()));
      trunk = new Trunk(config, weights, compute);

      var schema = new TokenSchema(settings.wire(), config.hidden(), expertsPerToken);
      var transport = own(new Transport(1, "router-io"));
      BufferAllocator allocator = own(new RootAllocator(WIRE_BYTES));
      var name = Checkpoint.nameOf(settings.model());
      var model = new ExpertFleet.Model(name, checkpoint.fingerprint(), bank, maxStepTokens());
      fleet = own(new ExpertFleet(model, schema, settings.experts(), transport, allocator));
      var dispatcher =
          new Dispatcher(fleet, allocator, schema, compute.kernels(), settings.dispatchTimeout());
      moe =
          new ExpertParallelMoe(
              new Gate(compute, expertsPerToken),
              gates(checkpoint, bank),
              dispatcher,
              new Combine(compute.kernels(), settings.wire(), config.hidden()),
              observer);
    } catch (RuntimeException | Error e) {
      close();
      throw e;
    }
  }

  /// Loads the trunk and begins to connect to the expert nodes, which may come later.
  ///
  /// @throws io.moesaic.tensor.checkpoint.CheckpointException when the model cannot be used
  public static ExpertParallelModel open(
      ModelSettings settings, MoeObserver observer, LoadProgress progress) {
    return new ExpertParallelModel(settings, observer, progress);
  }

  private TrunkWeights load(Checkpoint checkpoint, LoadProgress progress) {
    long total = TrunkWeights.storedBytes(config, checkpoint);
    progress.loaded(0, total);
    var arena = own(Arena.ofShared());
    var loaded =
        TrunkWeights.load(
            config, checkpoint, arena, b -> progress.loaded(Math.min(b, total), total));
    progress.loaded(total, total);
    return loaded;
  }

  private List<PackedMatrix> gates(Checkpoint checkpoint, ExpertBank bank) {
    var arena = own(Arena.ofShared());
    var shape = Shape.of(bank.experts(), config.hidden());
    List<PackedMatrix> gates = new ArrayList<>();
    for (int layer = 0; layer < bank.layers(); layer++) {
      var name = "model.layers." + layer + ".block_sparse_moe.gate.weight";
      gates.add(PackedMatrix.pack(arena, checkpoint.map(name, shape, arena)));
    }
    return gates;
  }

  private <T extends AutoCloseable> T own(T resource) {
    owned.push(resource);
    return resource;
  }

  public TrunkConfig config() {
    return config;
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

  public ExpertFleet fleet() {
    return fleet;
  }

  public MoeLayer moe() {
    return moe;
  }

  /// Bytes of weights and of keys and values.
  public long memoryBytes() {
    return weights.bytes() + pool.bytes();
  }

  /// Most token rows of one forward pass: their replies must fit in a message, even if one node
  /// hosts all experts.
  public int maxStepTokens() {
    long rowBytes = (long) expertsPerToken * config.hidden() * Float.BYTES;
    long rows = (WireLimits.DEFAULT.maxMessageBytes() - HEAD_BYTES) / rowBytes;
    return (int) Math.min(rows, MAX_STEP_TOKENS);
  }

  /// Nothing may be running on it.
  ///
  /// @throws IllegalStateException when a buffer leaked
  @Override
  public void close() {
    while (!owned.isEmpty()) {
      try {
        owned.pop().close();
      } catch (RuntimeException e) {
        throw e;
      } catch (Exception e) {
        throw new IllegalStateException(e);
      }
    }
  }
}
