package io.moesaic.router.dispatch;

import io.grpc.Server;
import io.grpc.stub.StreamObserver;
import io.moesaic.router.moe.MoeObserver;
import io.moesaic.router.moe.ReferenceMoe;
import io.moesaic.tensor.checkpoint.Checkpoint;
import io.moesaic.tensor.checkpoint.ModelConfig;
import io.moesaic.tensor.ffn.ExpertBank;
import io.moesaic.tensor.ffn.ExpertId;
import io.moesaic.wire.NodeAddress;
import io.moesaic.wire.Transport;
import io.moesaic.wire.WireLimits;
import io.moesaic.wire.WireType;
import io.moesaic.wire.v1.DescribeRequest;
import io.moesaic.wire.v1.ExpertNodeGrpc.ExpertNodeImplBase;
import io.moesaic.wire.v1.HeldExperts;
import io.moesaic.wire.v1.NodeDescription;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Queue;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.Predicate;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.jspecify.annotations.Nullable;

/// An expert node on a real port of this machine that does as it is told: experts of a model as
/// plain loops, and every kind of misbehaviour. Closing it checks that it released its memory.
public final class ScriptedExpertNode implements AutoCloseable {
  private final ReferenceMoe experts;
  private final NodeDescription identity;
  private final Transport transport = new Transport(1, "scripted-io");
  private final BufferAllocator allocator = new RootAllocator();
  private final Queue<Reaction> script = new ConcurrentLinkedQueue<>();
  private final List<Runnable> kept = new CopyOnWriteArrayList<>();
  private volatile Consumer<NodeDescription.Builder> disguise = _ -> {};
  private volatile boolean acceptsStreams = true;
  private volatile @Nullable Server server;
  private final NodeAddress address;

  /// Listens on a free port at once.
  ///
  /// @param hosts which experts of the model it has
  public ScriptedExpertNode(String name, Path model, Predicate<ExpertId> hosts) {
    experts = new ReferenceMoe(model, WireType.F32, MoeObserver.NONE);
    identity = describe(name, model, hosts);
    var started = listen(new NodeAddress("127.0.0.1", 0));
    server = started;
    address = new NodeAddress("127.0.0.1", started.getPort());
  }

  private static NodeDescription describe(String name, Path model, Predicate<ExpertId> hosts) {
    var bank = ExpertBank.of(ModelConfig.read(model));
    var description = NodeDescription.newBuilder().setNode(name).setModel("served-model");
    try (var checkpoint = Checkpoint.open(model)) {
      description.setFingerprint(checkpoint.fingerprint());
    }
    for (int layer = 0; layer < bank.layers(); layer++) {
      var held = HeldExperts.newBuilder().setLayer(layer);
      for (int expert = 0; expert < bank.experts(); expert++) {
        if (hosts.test(new ExpertId(layer, expert))) {
          held.addExperts(expert);
        }
      }
      description.addHeld(held);
    }
    return description
        .addWireTypes("f32")
        .addWireTypes("bf16")
        .setMaxRows(512)
        .setServing(true)
        .build();
  }

  private Server listen(NodeAddress where) {
    try {
      return transport
          .server(where, WireLimits.DEFAULT)
          .addService(ScriptedStream.service(this))
          .addService(
              new ExpertNodeImplBase() {
                @Override
                public void describe(
                    DescribeRequest request, StreamObserver<NodeDescription> answer) {
                  var description = identity.toBuilder();
                  disguise.accept(description);
                  answer.onNext(description.build());
                  answer.onCompleted();
                }
              })
          .build()
          .start();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  public NodeAddress address() {
    return address;
  }

  /// How errors should call it.
  public String label() {
    return "expert node \"%s\" (%s)".formatted(identity.getNode(), address);
  }

  // ---- the script

  /// What it makes of the next batches, one after the other; later ones are answered.
  public void next(Reaction... reactions) {
    script.addAll(List.of(reactions));
  }

  /// Changes what Describe answers from now on; an empty change takes it back.
  public void disguise(Consumer<NodeDescription.Builder> change) {
    disguise = change;
  }

  /// Whether streams are answered with a schema.
  public void acceptsStreams(boolean accepts) {
    acceptsStreams = accepts;
  }

  /// How many batches it keeps.
  public int kept() {
    return kept.size();
  }

  /// Answers what it kept, the latest first.
  public void answerKept() {
    for (var answer : kept.reversed()) {
      answer.run();
    }
    kept.clear();
  }

  /// Ends it at once, with all connections.
  public void die() {
    var running = server;
    if (running != null) {
      running.shutdownNow();
    }
  }

  /// Brings it back on the same port, with nothing in its script.
  public void comeBack() {
    awaitDeath();
    script.clear();
    kept.clear();
    server = listen(address);
  }

  private void awaitDeath() {
    var dead = server;
    try {
      if (dead != null) {
        dead.awaitTermination();
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  // ---- for its streams

  BufferAllocator allocator() {
    return allocator;
  }

  Reaction reaction() {
    var scripted = script.poll();
    return scripted == null ? Reaction.ANSWER : scripted;
  }

  boolean acceptsStreams() {
    return acceptsStreams;
  }

  void keep(Runnable answer) {
    kept.add(answer);
  }

  /// For the event loop only, of which there is one.
  float[] compute(ExpertId expert, float[] x) {
    return experts.expert(expert, x);
  }

  @Override
  public void close() {
    die();
    awaitDeath();
    transport.close();
    experts.close();
    allocator.close();
  }
}
