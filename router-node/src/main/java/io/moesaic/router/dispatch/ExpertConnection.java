package io.moesaic.router.dispatch;

import io.grpc.ManagedChannel;
import io.grpc.StatusRuntimeException;
import io.moesaic.tensor.ffn.ExpertId;
import io.moesaic.wire.NodeAddress;
import io.moesaic.wire.TokenSchema;
import io.moesaic.wire.Transport;
import io.moesaic.wire.WireLimits;
import io.moesaic.wire.v1.DescribeRequest;
import io.moesaic.wire.v1.ExpertNodeGrpc;
import io.moesaic.wire.v1.NodeDescription;
import java.util.LinkedHashSet;
import java.util.Set;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import org.apache.arrow.memory.BufferAllocator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Keeps one expert node connected, for as long as the router lives: a virtual thread that goes
/// round in
///
/// ```
///   describe --not serving--> wait ---+
///      |  ^---------------------------+
///      |  ^------------- backoff <---- stream ended, or node unusable
///      v                                       ^
///   open the stream --accepted--> SERVING -----+
/// ```
/// Whoever dispatches sees immutable [Link]s only.
final class ExpertConnection implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(ExpertConnection.class);
  /// For each answer on the way to an open stream.
  private static final long ANSWER_SECONDS = 5;

  private static final long LOADING_POLL_MILLIS = 100;
  private static final long FIRST_BACKOFF_MILLIS = 50;
  private static final long LAST_BACKOFF_MILLIS = 2_000;

  /// What a router and its nodes must agree on.
  record Contract(ExpertFleet.Model model, TokenSchema schema) {}

  /// An open stream to a serving node, and the experts behind it.
  record Link(BatchStream stream, Set<ExpertId> held) {}

  private final NodeAddress address;
  private final Contract contract;
  private final BufferAllocator allocator;
  private final ManagedChannel channel;
  private final Runnable changed;
  private final Thread thread;
  private volatile ExpertNodeState state;
  private volatile @Nullable Link link;
  private volatile boolean closed;

  /// @param changed called whenever [#link] has changed, on the connection's thread
  ExpertConnection(
      NodeAddress address,
      Contract contract,
      Transport transport,
      BufferAllocator allocator,
      Runnable changed) {
    this.address = address;
    this.contract = contract;
    this.allocator = allocator;
    this.changed = changed;
    channel = transport.channel(address, WireLimits.DEFAULT);
    state = ExpertNodeState.connecting(address);
    thread = Thread.ofVirtual().name("expert " + address).unstarted(this::keepConnected);
  }

  void start() {
    thread.start();
  }

  ExpertNodeState state() {
    return state;
  }

  /// The open stream, or null while the node does not serve.
  @Nullable Link link() {
    return link;
  }

  private void keepConnected() {
    long backoffMillis = FIRST_BACKOFF_MILLIS;
    while (!closed) {
      try {
        var description = describe();
        if (!description.getServing()) {
          state = ExpertNodeState.of(address, description);
          Thread.sleep(LOADING_POLL_MILLIS);
          continue;
        }
        var reason = serve(description);
        backoffMillis = FIRST_BACKOFF_MILLIS;
        down(reason);
      } catch (StatusRuntimeException e) {
        down(BatchStream.describe(e.getStatus()));
      } catch (UnusableNodeException e) {
        down(String.valueOf(e.getMessage()));
      } catch (InterruptedException _) {
        return;
      } catch (RuntimeException e) {
        log.error("connecting to expert node {} failed", address, e);
        down(e.toString());
      }
      if (!sleep(backoffMillis)) {
        return;
      }
      backoffMillis = Math.min(2 * backoffMillis, LAST_BACKOFF_MILLIS);
    }
  }

  private static boolean sleep(long millis) {
    try {
      Thread.sleep(millis);
      return true;
    } catch (InterruptedException _) {
      return false;
    }
  }

  private NodeDescription describe() throws UnusableNodeException {
    channel.resetConnectBackoff();
    var description =
        ExpertNodeGrpc.newBlockingStub(channel)
            .withDeadlineAfter(ANSWER_SECONDS, TimeUnit.SECONDS)
            .describe(DescribeRequest.getDefaultInstance());
    if (!description.getFingerprint().equals(contract.model.fingerprint())) {
      throw new UnusableNodeException(
          "serves model \"%s\" with fingerprint %s, but this router's \"%s\" has %s"
              .formatted(
                  description.getModel(),
                  description.getFingerprint(),
                  contract.model.name(),
                  contract.model.fingerprint()));
    }
    if (!description.getWireTypesList().contains(contract.schema.type().label())) {
      throw new UnusableNodeException(
          "speaks %s, not %s"
              .formatted(description.getWireTypesList(), contract.schema.type().label()));
    }
    if (description.getMaxRows() < contract.model.batchRows()) {
      throw new UnusableNodeException(
          "accepts batches of %d rows, but this router sends up to %d: give it --max-rows %d"
              .formatted(
                  description.getMaxRows(),
                  contract.model.batchRows(),
                  contract.model.batchRows()));
    }
    return description;
  }

  /// Holds the stream open until it ends.
  ///
  /// @return why it ended
  private String serve(NodeDescription description)
      throws InterruptedException, UnusableNodeException {
    var held = held(description);
    // The node is asked for its model under the name that it has there.
    var stream =
        new BatchStream(
            channel, allocator, contract.schema, description.getModel(), describeSelf(description));
    try {
      if (!stream.accepted().get(ANSWER_SECONDS, TimeUnit.SECONDS)) {
        throw new UnusableNodeException(
            "refused a stream: " + BatchStream.describe(stream.closed().join()));
      }
      state = ExpertNodeState.of(address, description);
      link = new Link(stream, held);
      log.info("{} serves {} experts", describeSelf(description), held.size());
      changed.run();
      return BatchStream.describe(stream.closed().get());
    } catch (TimeoutException _) {
      throw new UnusableNodeException("did not accept a stream within " + ANSWER_SECONDS + " s");
    } catch (ExecutionException e) {
      throw new IllegalStateException(e);
    } finally {
      link = null;
      stream.cancel("the router stops");
    }
  }

  private String describeSelf(NodeDescription description) {
    return "expert node \"%s\" (%s)".formatted(description.getNode(), address);
  }

  private Set<ExpertId> held(NodeDescription description) throws UnusableNodeException {
    Set<ExpertId> held = new LinkedHashSet<>();
    for (var layer : description.getHeldList()) {
      for (int expert : layer.getExpertsList()) {
        var id = new ExpertId(layer.getLayer(), expert);
        if (!contract.model.bank().contains(id)) {
          throw new UnusableNodeException(
              "claims expert " + id + ", which the model does not have");
        }
        held.add(id);
      }
    }
    return held;
  }

  private void down(String reason) {
    if (!closed && !state.reason().equals(reason)) {
      log.warn("expert node {} is down: {}", address, reason);
    }
    state = state.down(reason);
    changed.run();
  }

  @Override
  public void close() {
    closed = true;
    thread.interrupt();
    var open = link;
    if (open != null) {
      open.stream.cancel("the router stops");
    }
    try {
      thread.join();
      channel.shutdownNow().awaitTermination(5, TimeUnit.SECONDS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  private static final class UnusableNodeException extends Exception {
    private static final long serialVersionUID = 1;

    UnusableNodeException(String message) {
      super(message);
    }
  }
}
