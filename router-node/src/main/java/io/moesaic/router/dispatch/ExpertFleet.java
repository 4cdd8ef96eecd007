package io.moesaic.router.dispatch;

import io.moesaic.router.placement.Placement;
import io.moesaic.tensor.ffn.ExpertBank;
import io.moesaic.tensor.ffn.ExpertId;
import io.moesaic.wire.NodeAddress;
import io.moesaic.wire.TokenSchema;
import io.moesaic.wire.Transport;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.concurrent.atomic.AtomicLong;
import org.apache.arrow.memory.BufferAllocator;
import org.jspecify.annotations.Nullable;

/// All expert nodes of a router. Publishes a snapshot of who serves what whenever a node comes or
/// goes; a dispatch reads it once, without a lock.
public final class ExpertFleet implements AutoCloseable {
  private final ExpertBank bank;
  private final List<ExpertConnection> connections;
  private final AtomicLong epoch = new AtomicLong();
  private final AtomicLong lastRequestId = new AtomicLong();
  private volatile Snapshot snapshot;

  /// @param placement hosts are numbered as the nodes
  /// @param streams the open stream of each node, or null
  record Snapshot(Placement placement, List<@Nullable BatchStream> streams) {
    /// The stream to a host of the placement.
    BatchStream stream(int host) {
      var stream = streams.get(host);
      if (stream == null) {
        throw new IllegalArgumentException("host " + host + " is not in this placement");
      }
      return stream;
    }
  }

  /// @param model what the nodes' fingerprint is compared with
  /// @param addresses the nodes, in the order in which they are numbered
  public ExpertFleet(
      Model model,
      TokenSchema schema,
      List<NodeAddress> addresses,
      Transport transport,
      BufferAllocator allocator) {
    bank = model.bank;
    snapshot = new Snapshot(Placement.of(0, bank, List.of()), List.of());
    var contract = new ExpertConnection.Contract(model, schema);
    connections =
        addresses.stream()
            .map(a -> new ExpertConnection(a, contract, transport, allocator, this::publish))
            .toList();
    connections.forEach(ExpertConnection::start);
  }

  /// The model that the nodes must serve.
  ///
  /// @param name by which streams ask for it, if a node does not call it otherwise
  /// @param batchRows most rows of a batch that will be sent
  public record Model(String name, String fingerprint, ExpertBank bank, int batchRows) {}

  private synchronized void publish() {
    List<@Nullable BatchStream> streams = new ArrayList<>();
    List<Set<ExpertId>> held = new ArrayList<>();
    for (var connection : connections) {
      var link = connection.link();
      streams.add(link == null ? null : link.stream());
      held.add(link == null ? Set.of() : link.held());
    }
    snapshot = new Snapshot(Placement.of(epoch.incrementAndGet(), bank, held), streams);
    notifyAll();
  }

  /// Requests of all dispatchers share the nodes' streams, so their numbers come from one place.
  long nextRequestId() {
    return lastRequestId.incrementAndGet();
  }

  Snapshot snapshot() {
    return snapshot;
  }

  /// Who serves which expert at this moment.
  public Placement placement() {
    return snapshot.placement;
  }

  public List<ExpertNodeState> states() {
    return connections.stream().map(ExpertConnection::state).toList();
  }

  /// The nodes that do not serve, each with its reason, in one sentence.
  public String describeAbsent() {
    List<String> absent = new ArrayList<>();
    for (var state : states()) {
      if (state.status() != ExpertNodeState.Status.SERVING) {
        var reason = state.reason().isEmpty() ? "" : " (" + state.reason() + ")";
        absent.add("%s is %s%s".formatted(state.address(), label(state), reason));
      }
    }
    return absent.isEmpty()
        ? "all expert nodes that the router knows serve, add one that hosts what is missing"
        : String.join("; ", absent);
  }

  private static String label(ExpertNodeState state) {
    return switch (state.status()) {
      case CONNECTING -> "not reached yet";
      case LOADING -> "loading";
      case SERVING -> "serving";
      case DOWN -> "down";
    };
  }

  /// Waits until every expert of the model is served.
  ///
  /// @return whether that came true within the time
  public synchronized boolean awaitComplete(long timeoutMillis) throws InterruptedException {
    long deadline = System.nanoTime() + timeoutMillis * 1_000_000;
    while (!snapshot.placement.missing().isEmpty()) {
      long leftMillis = (deadline - System.nanoTime()) / 1_000_000;
      if (leftMillis <= 0) {
        return false;
      }
      wait(leftMillis);
    }
    return true;
  }

  @Override
  public void close() {
    connections.forEach(ExpertConnection::close);
  }
}
