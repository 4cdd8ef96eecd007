package io.moesaic.deploy.dev;

import io.moesaic.deploy.daemon.Endpoints;
import io.moesaic.deploy.daemon.NodeRole;
import io.moesaic.expert.store.Shard;
import io.moesaic.router.ExpertParallelModel;
import io.moesaic.router.ModelSettings;
import io.moesaic.router.moe.MoeObserver;
import io.moesaic.tensor.DType;
import io.moesaic.tensor.checkpoint.ModelConfig;
import io.moesaic.wire.NodeAddress;
import java.io.IOException;
import java.net.ServerSocket;
import java.net.URI;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.Executors;
import org.jspecify.annotations.Nullable;

/// A cluster on this machine: expert nodes that share a model's experts, and the router in front of
/// them, each a process of its own on loopback.
///
/// ```
///   this JVM -- stdin, stdout --> router ------ gRPC -----> expert-0, expert-1, ...
///         \---- stdin, stdout ----------------------------> expert-0, expert-1, ...
/// ```
/// No process of it outlives this JVM, since a node ends when its standard input does. [#close]
/// ends them in order, and so does a signal to this JVM.
public final class LocalCluster implements AutoCloseable {
  private static final Duration DISPATCH_TIMEOUT = Duration.ofSeconds(60);
  private static final long CONNECT_MILLIS = 30_000;

  private final ClusterSpec spec;
  private final ClusterProgress progress;
  private final Path logs;
  private final Thread closeAtExit = new Thread(this::closeNodes, "close-cluster");
  private final List<LocalNode> experts = new CopyOnWriteArrayList<>();
  private volatile @Nullable LocalNode router;

  private LocalCluster(ClusterSpec spec, ClusterProgress progress, Path logs) {
    this.spec = spec;
    this.progress = progress;
    this.logs = logs;
  }

  /// Starts a whole cluster, and returns when it serves.
  ///
  /// @throws ClusterException when a node cannot be started, with the end of its log
  /// @throws io.moesaic.tensor.checkpoint.CheckpointException when there is no model to serve
  public static LocalCluster start(ClusterSpec spec, ClusterProgress progress)
      throws InterruptedException {
    requireFree(spec.http());
    return start(spec, progress, true);
  }

  /// Starts the expert nodes alone, and returns when they serve.
  ///
  /// @throws ClusterException when a node cannot be started, with the end of its log
  /// @throws io.moesaic.tensor.checkpoint.CheckpointException when there is no model to serve
  public static LocalCluster startExperts(ClusterSpec spec, ClusterProgress progress)
      throws InterruptedException {
    return start(spec, progress, false);
  }

  private static LocalCluster start(ClusterSpec spec, ClusterProgress progress, boolean withRouter)
      throws InterruptedException {
    // Complains in one sentence, where each node would do so in its log.
    ModelConfig.read(spec.model());
    var cluster = new LocalCluster(spec, progress, Installation.current().newLogDirectory());
    Runtime.getRuntime().addShutdownHook(cluster.closeAtExit);
    try {
      progress.starting(cluster.logs);
      cluster.startExperts();
      if (withRouter) {
        cluster.startRouter();
      }
      for (var node : cluster.nodes().reversed()) {
        node.awaitReady();
      }
      return cluster;
    } catch (RuntimeException | InterruptedException e) {
      cluster.close();
      throw e;
    }
  }

  private void startExperts() throws InterruptedException {
    var settings = new NodeSettings(spec);
    for (int i = 0; i < spec.experts(); i++) {
      var shard = new Shard(i, spec.experts());
      experts.add(startExpert(settings, shard));
    }
    for (var expert : experts) {
      expert.awaitListening();
    }
  }

  private LocalNode startExpert(NodeSettings settings, Shard shard) {
    var name = NodeSettings.expertName(shard);
    var listen = ClusterSpec.FREE_PORT;
    return switch (spec.expertHost()) {
      case PROCESS ->
          new ProcessNode(
              name,
              NodeRole.EXPERT,
              Endpoints.expert(listen),
              logs,
              endpoints -> settings.expertArguments(shard, endpoints.address()),
              progress);
      case IN_PROCESS ->
          new InProcessExpert(name, listen, address -> settings.expert(shard, address), progress);
    };
  }

  /// Starts the router as soon as it can be told where the experts are: it loads while they do.
  private void startRouter() throws InterruptedException {
    var settings = new NodeSettings(spec);
    var addresses = experts.stream().map(LocalNode::address).toList();
    var started =
        new ProcessNode(
            "router",
            NodeRole.ROUTER,
            Endpoints.router(spec.http(), Optional.of(ClusterSpec.FREE_PORT)),
            logs,
            endpoints -> settings.routerArguments(endpoints, addresses),
            progress);
    router = started;
    started.awaitListening();
  }

  private static void requireFree(NodeAddress http) {
    try (var socket = new ServerSocket()) {
      socket.bind(http.socket());
    } catch (IOException e) {
      throw new ClusterException(
          "the router cannot listen on %s: %s. Choose another port with --http, or 0 for a free one"
              .formatted(http, e.getMessage()),
          e);
    }
  }

  /// The address of the HTTP API.
  ///
  /// @throws IllegalStateException when the cluster has no router
  public URI url() {
    return URI.create("http://" + router().address());
  }

  /// The address at which the router serves MoE layers over Arrow Flight.
  ///
  /// @throws IllegalStateException when the cluster has no router
  public URI flightUrl() {
    return URI.create("grpc://" + router().endpoints().grpc().orElseThrow());
  }

  /// The address of the first expert node, an Arrow Flight server too.
  public URI expertFlightUrl() {
    return URI.create("grpc://" + experts.getFirst().address());
  }

  /// @throws IllegalStateException when the cluster has none
  public LocalNode router() {
    var present = router;
    if (present == null) {
      throw new IllegalStateException("the cluster has expert nodes only");
    }
    return present;
  }

  /// The expert nodes, in the order of their shards.
  public List<LocalNode> experts() {
    return List.copyOf(experts);
  }

  /// All nodes, the router first.
  public List<LocalNode> nodes() {
    List<LocalNode> nodes = new ArrayList<>();
    if (router != null) {
      nodes.add(router());
    }
    nodes.addAll(experts);
    return nodes;
  }

  /// Opens the model as a router does, with its trunk in this process and its experts on the nodes.
  ///
  /// @param rotary type of the rotary frequencies, F32 or BF16
  /// @param kvPositions positions for which there is memory, over all sequences
  /// @throws ClusterException when an expert node cannot be used
  public ExpertParallelModel openModel(DType rotary, int kvPositions, MoeObserver observer)
      throws InterruptedException {
    var settings =
        new ModelSettings(
            spec.model(),
            rotary,
            Optional.empty(),
            experts.stream().map(LocalNode::address).toList(),
            spec.wire(),
            Runtime.getRuntime().availableProcessors(),
            kvPositions,
            DISPATCH_TIMEOUT);
    var model = ExpertParallelModel.open(settings, observer, (_, _) -> {});
    try {
      if (!model.layers().fleet().awaitComplete(CONNECT_MILLIS)) {
        throw new ClusterException(
            "the expert nodes cannot be used: " + model.layers().fleet().describeAbsent());
      }
      return model;
    } catch (RuntimeException | InterruptedException e) {
      model.close();
      throw e;
    }
  }

  /// What each node is doing, the router first.
  public List<NodeStatus> status() {
    return nodes().stream().map(LocalNode::status).toList();
  }

  /// The directory of the nodes' logs, NAME.log each.
  public Path logs() {
    return logs;
  }

  @Override
  public void close() {
    try {
      Runtime.getRuntime().removeShutdownHook(closeAtExit);
    } catch (IllegalStateException _) {
      // The JVM is ending: the hook is closing the nodes already, and here they are waited for.
    }
    closeNodes();
  }

  /// Router first: what is in flight there still needs the experts.
  private void closeNodes() {
    if (router != null) {
      router().close();
    }
    try (var closing = Executors.newVirtualThreadPerTaskExecutor()) {
      for (var expert : experts) {
        closing.execute(expert::close);
      }
    }
  }
}
