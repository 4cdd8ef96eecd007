package io.moesaic.router;

import io.moesaic.router.capacity.RoutingCounters;
import io.moesaic.router.dispatch.Dispatcher;
import io.moesaic.router.dispatch.ExpertFleet;
import io.moesaic.router.gate.Gate;
import io.moesaic.router.gate.GateBank;
import io.moesaic.router.gate.GateWeights;
import io.moesaic.router.gate.ModelPolicy;
import io.moesaic.router.gate.RoutingPolicy;
import io.moesaic.router.layer.ServedLayers;
import io.moesaic.router.moe.Combine;
import io.moesaic.router.moe.ExpertParallelMoe;
import io.moesaic.router.moe.MoeObserver;
import io.moesaic.router.moe.SharedExpert;
import io.moesaic.router.moe.SharedExperts;
import io.moesaic.tensor.checkpoint.Checkpoint;
import io.moesaic.tensor.checkpoint.ModelConfig;
import io.moesaic.tensor.ffn.ExpertBank;
import io.moesaic.tensor.kernel.Compute;
import io.moesaic.wire.TokenSchema;
import io.moesaic.wire.Transport;
import io.moesaic.wire.WireLimits;
import java.lang.foreign.Arena;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;

/// The MoE layers of a model: gates and shared experts in this process, the experts on other nodes.
/// Safe for concurrent use; each thread that computes makes an [ExpertParallelMoe] of its own.
public final class ExpertParallelLayers implements ServedLayers, AutoCloseable {
  /// Off-heap memory for batches on their way out and replies on their way in.
  private static final long WIRE_BYTES = 1L << 30;

  /// More rows do not make the kernels faster, and who decodes waits for them.
  private static final int MAX_STEP_ROWS = 512;

  /// More than the parts of a message before its body take.
  private static final int HEAD_BYTES = 1 << 20;

  private final Owned owned = new Owned();
  private final ModelSettings settings;
  private final ExpertBank bank;
  private final RoutingPolicy policy;
  private final List<GateWeights> gates;
  private final List<SharedExpert> sharedExperts;
  private final RoutingCounters counters;
  private final TokenSchema schema;
  private final BufferAllocator allocator;
  private final ExpertFleet fleet;

  private ExpertParallelLayers(ModelSettings settings, Checkpoint checkpoint, ModelConfig config) {
    this.settings = settings;
    try {
      bank = ExpertBank.of(config);
      policy = settings.policy().orElseGet(() -> ModelPolicy.of(config));
      policy.requireFits(bank.experts());
      var arena = owned.add(Arena.ofShared());
      gates = GateBank.load(config, checkpoint, bank, arena);
      sharedExperts = SharedExperts.load(config, checkpoint, bank, arena);
      counters = new RoutingCounters(bank.layers(), bank.experts());
      schema =
          new TokenSchema(
              settings.wire(),
              bank.block().hidden(),
              Math.min(ModelPolicy.of(config).ranks(bank.experts()), MAX_COLUMNS));
      var transport = owned.add(new Transport(1, "router-io"));
      allocator = owned.add(new RootAllocator(WIRE_BYTES));
      var name = Checkpoint.nameOf(settings.model());
      var model = new ExpertFleet.Model(name, checkpoint.fingerprint(), bank, MAX_STEP_ROWS);
      fleet = owned.add(new ExpertFleet(model, schema, settings.experts(), transport, allocator));
    } catch (RuntimeException | Error e) {
      owned.close();
      throw e;
    }
  }

  /// Columns of a batch for a model whose tokens go to very many experts: such a token's row is
  /// sent more than once.
  private static final int MAX_COLUMNS = 32;

  /// Whether the model is MoE layers and nothing else.
  static boolean areAllOf(ModelConfig config) {
    return config.text("model_type").orElse("").equals("moe_layers");
  }

  /// Loads the gates and begins to connect to the expert nodes, which may come later.
  ///
  /// @throws io.moesaic.tensor.checkpoint.CheckpointException when the model cannot be used
  /// @throws IllegalArgumentException when the policy of the settings does not fit the model
  static ExpertParallelLayers open(
      ModelSettings settings, Checkpoint checkpoint, ModelConfig config) {
    return new ExpertParallelLayers(settings, checkpoint, config);
  }

  /// The blocks, for one thread.
  ///
  /// @param compute what the gates run on
  public ExpertParallelMoe blocks(Compute compute, MoeObserver observer) {
    return new ExpertParallelMoe(
        new Gate(compute, gates),
        new Dispatcher(fleet, allocator, schema, compute.kernels(), settings.dispatchTimeout()),
        new Combine(compute.kernels(), schema.type(), schema.hidden()),
        compute,
        sharedExperts,
        counters,
        observer);
  }

  @Override
  public ExpertParallelMoe blocks(Compute compute) {
    return blocks(compute, MoeObserver.NONE);
  }

  @Override
  public ExpertBank bank() {
    return bank;
  }

  /// The routing policy that was set, or else the model's own.
  @Override
  public RoutingPolicy policy() {
    return policy;
  }

  public RoutingCounters counters() {
    return counters;
  }

  public ExpertFleet fleet() {
    return fleet;
  }

  /// Most rows of one pass by the routing policy.
  public int maxStepRows() {
    return maxRows(policy.ranks(bank.experts()), policy.weighsInput());
  }

  /// The batch to a node, and the reply to it, must stay within bounds even if that node hosts all
  /// experts.
  @Override
  public int maxRows(int ranks, boolean weighsInput) {
    int copies = Math.ceilDiv(ranks, weighsInput ? 1 : schema.expertsPerRow());
    long replyBytes = (long) ranks * bank.block().hidden() * Float.BYTES;
    long rows = (WireLimits.DEFAULT.maxMessageBytes() - HEAD_BYTES) / replyBytes;
    return Math.clamp(Math.min(rows, MAX_STEP_ROWS / copies), 1, MAX_STEP_ROWS);
  }

  public long memoryBytes() {
    return gates.stream().mapToLong(GateWeights::bytes).sum()
        + sharedExperts.stream().mapToLong(SharedExpert::bytes).sum();
  }

  /// Nothing may be running on it.
  ///
  /// @throws IllegalStateException when a buffer leaked
  @Override
  public void close() {
    owned.close();
  }
}
