package io.moesaic.deploy.system;

import io.moesaic.deploy.dev.ClusterProgress;
import io.moesaic.deploy.dev.ClusterSpec;
import io.moesaic.deploy.dev.ExpertHost;
import io.moesaic.deploy.dev.LocalCluster;
import io.moesaic.deploy.system.Listener.Told;
import io.moesaic.router.ExpertParallelModel;
import io.moesaic.router.capacity.CapacityPolicy;
import io.moesaic.router.capacity.LiveCapacity;
import io.moesaic.router.engine.Engine;
import io.moesaic.router.engine.EngineLimits;
import io.moesaic.router.engine.GenerationRequest;
import io.moesaic.router.engine.MoeBlocks;
import io.moesaic.router.moe.MoeObserver;
import io.moesaic.router.sampling.Sampler;
import io.moesaic.tensor.DType;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalInt;

/// A model and its expert nodes in this process, which makes them cheap. Between them are real
/// sockets.
final class InProcessCluster implements AutoCloseable {
  /// Most tokens of a step, and so of a prompt that is encoded.
  static final int STEP_TOKENS = 128;

  private static final EngineLimits LIMITS = new EngineLimits(64, 16, STEP_TOKENS);
  private static final int KV_POSITIONS = 4096;

  private final LocalCluster cluster;
  private final ExpertParallelModel model;

  private InProcessCluster(LocalCluster cluster, ExpertParallelModel model) {
    this.cluster = cluster;
    this.model = model;
  }

  /// @param nodes that share the experts
  static InProcessCluster start(Path model, int nodes) throws InterruptedException {
    var spec = ClusterSpec.of(model).withExperts(nodes).withExpertHost(ExpertHost.IN_PROCESS);
    var cluster = LocalCluster.startExperts(spec, ClusterProgress.SILENT);
    try {
      var opened = cluster.openModel(DType.F32, KV_POSITIONS, MoeObserver.NONE);
      return new InProcessCluster(cluster, opened);
    } catch (RuntimeException | InterruptedException | Error e) {
      cluster.close();
      throw e;
    }
  }

  ExpertParallelModel model() {
    return model;
  }

  /// An engine of the model, with other MoE blocks or capacities if the test has some.
  Engine engine(MoeBlocks blocks, CapacityPolicy capacity) {
    return new Engine(
        model.trunk(),
        // What all golden encoder-decoders begin a text with.
        model.config().encodesPrompts() ? OptionalInt.of(0) : OptionalInt.empty(),
        blocks,
        model.pool(),
        new Sampler(model.compute().kernels()),
        LIMITS,
        new LiveCapacity(capacity, model.layers().bank().layers()));
  }

  /// What is told to each text, when no request is there beside its own.
  ///
  /// @param requests each of a text or several
  static List<Told> alone(Engine engine, List<List<GenerationRequest>> requests) throws Exception {
    List<Told> told = new ArrayList<>();
    for (var texts : requests) {
      told.addAll(await(submit(engine, texts)));
    }
    return told;
  }

  /// What is told to each text, when all are there.
  static List<Told> together(Engine engine, List<List<GenerationRequest>> requests)
      throws Exception {
    List<Listener> listeners = new ArrayList<>();
    for (var texts : requests) {
      listeners.addAll(submit(engine, texts));
    }
    return await(listeners);
  }

  private static List<Listener> submit(Engine engine, List<GenerationRequest> texts)
      throws Exception {
    var listeners = texts.stream().map(_ -> new Listener()).toList();
    engine.submit(texts, listeners);
    return listeners;
  }

  private static List<Told> await(List<Listener> listeners) throws Exception {
    List<Told> told = new ArrayList<>();
    for (var listener : listeners) {
      told.add(listener.await());
    }
    return told;
  }

  @Override
  public void close() {
    model.close();
    cluster.close();
  }
}
