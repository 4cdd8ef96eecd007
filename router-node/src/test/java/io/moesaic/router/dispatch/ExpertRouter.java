package io.moesaic.router.dispatch;

import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moesaic.router.capacity.RoutingCounters;
import io.moesaic.router.capacity.StepRows;
import io.moesaic.router.dispatch.ExpertNodeState.Status;
import io.moesaic.router.gate.Gate;
import io.moesaic.router.gate.GateBank;
import io.moesaic.router.gate.GateWeights;
import io.moesaic.router.gate.ModelPolicy;
import io.moesaic.router.gate.RoutingPolicy;
import io.moesaic.router.moe.Combine;
import io.moesaic.router.moe.ExpertParallelMoe;
import io.moesaic.router.moe.MoeObserver;
import io.moesaic.router.moe.SharedExpert;
import io.moesaic.router.moe.SharedExperts;
import io.moesaic.router.trunk.RowFailures;
import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.checkpoint.Checkpoint;
import io.moesaic.tensor.checkpoint.ModelConfig;
import io.moesaic.tensor.ffn.ExpertBank;
import io.moesaic.tensor.kernel.Compute;
import io.moesaic.wire.NodeAddress;
import io.moesaic.wire.TokenSchema;
import io.moesaic.wire.Transport;
import io.moesaic.wire.WireType;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.time.Duration;
import java.util.BitSet;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;

/// The part of a router that reaches expert nodes, wired as a router wires it. Closing it checks
/// that all memory of batches and replies has been released.
public final class ExpertRouter implements AutoCloseable {
  private static final long PATIENCE_MILLIS = 30_000;

  private final Arena arena = Arena.ofShared();
  private final Compute compute = Compute.on(1, "router");
  private final Transport transport = new Transport(1, "router-io");
  private final BufferAllocator allocator = new RootAllocator();
  private final ExpertFleet fleet;
  private final RoutingPolicy policy;
  private final ExpertParallelMoe moe;

  /// @param timeout after which a batch is given up
  public ExpertRouter(Path model, WireType wire, Duration timeout, List<NodeAddress> nodes) {
    var bank = ExpertBank.of(ModelConfig.read(model));
    int ranks = ModelConfig.read(model).integer("num_experts_per_tok", 1, bank.experts());
    int hidden = bank.block().hidden();
    var schema = new TokenSchema(wire, hidden, ranks);
    List<GateWeights> gates;
    List<SharedExpert> shared;
    try (var checkpoint = Checkpoint.open(model)) {
      gates = GateBank.load(ModelConfig.read(model), checkpoint, bank, arena);
      shared = SharedExperts.load(ModelConfig.read(model), checkpoint, bank, arena);
      var contract = new ExpertFleet.Model("tiny", checkpoint.fingerprint(), bank, 512);
      fleet = new ExpertFleet(contract, schema, nodes, transport, allocator);
    }
    policy = ModelPolicy.of(ModelConfig.read(model));
    moe =
        new ExpertParallelMoe(
            new Gate(compute, gates),
            new Dispatcher(fleet, allocator, schema, compute.kernels(), timeout),
            new Combine(compute.kernels(), wire, hidden),
            compute,
            shared,
            new RoutingCounters(bank.layers(), bank.experts()),
            MoeObserver.NONE);
  }

  public ExpertFleet fleet() {
    return fleet;
  }

  /// What a block made of its rows.
  public record Result(Matrix output, RowFailures failures) {
    public boolean complete() {
      return failed() == 0;
    }

    public int failed() {
      int failed = 0;
      for (int row = 0; row < output.rows(); row++) {
        failed += failures.failed(row) ? 1 : 0;
      }
      return failed;
    }
  }

  public Result forward(int layer, Matrix hidden) {
    return forwardWithout(new BitSet(), layer, hidden);
  }

  /// @param lost rows that have failed before
  public Result forwardWithout(BitSet lost, int layer, Matrix hidden) {
    var result =
        new Result(Matrix.allocate(hidden.rows(), hidden.cols()), new RowFailures(hidden.rows()));
    lost.stream().forEach(row -> result.failures().fail(row, "failed before"));
    moe.step(policy, StepRows.unlimited(hidden.rows()))
        .forward(layer, hidden, result.output(), result.failures());
    return result;
  }

  public void awaitComplete() throws InterruptedException {
    assertTrue(fleet.awaitComplete(PATIENCE_MILLIS), fleet.describeAbsent());
  }

  /// Waits until a node is seen in this state.
  public ExpertNodeState await(int node, Status status) throws InterruptedException {
    long end = System.nanoTime() + PATIENCE_MILLIS * 1_000_000;
    while (fleet.states().get(node).status() != status) {
      assertTrue(System.nanoTime() - end < 0, () -> "still " + fleet.states().get(node));
      Thread.sleep(1);
    }
    return fleet.states().get(node);
  }

  /// Repeats a block until nothing of it fails: a node is back.
  public Result forwardUntilComplete(int layer, Matrix hidden) throws InterruptedException {
    long end = System.nanoTime() + PATIENCE_MILLIS * 1_000_000;
    var result = forward(layer, hidden);
    while (!result.complete()) {
      assertTrue(System.nanoTime() - end < 0, fleet.describeAbsent());
      Thread.sleep(5);
      result = forward(layer, hidden);
    }
    return result;
  }

  /// Bytes of batches and replies that are not released yet.
  public long bytesInUse() {
    return allocator.getAllocatedMemory();
  }

  @Override
  public void close() {
    fleet.close();
    transport.close();
    allocator.close();
    compute.close();
    arena.close();
  }
}
