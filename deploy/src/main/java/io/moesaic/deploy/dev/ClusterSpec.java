package io.moesaic.deploy.dev;

import io.moesaic.wire.NodeAddress;
import io.moesaic.wire.WireType;
import java.nio.file.Path;
import java.util.List;

/// The local cluster to start.
///
/// @param experts expert nodes; each hosts one shard
/// @param http where the router listens; port 0 for a free one
/// @param threads compute threads of each node; 0 to share the processors out
/// @param routerFlags further flags of `moesaic router`
public record ClusterSpec(
    Path model,
    int experts,
    NodeAddress http,
    WireType wire,
    ExpertHost expertHost,
    int threads,
    List<String> routerFlags) {
  /// What every node of a local cluster listens on, when the port does not matter.
  static final NodeAddress FREE_PORT = new NodeAddress("127.0.0.1", 0);

  /// Most expert nodes of a local cluster.
  public static final int MAX_EXPERTS = 64;

  public ClusterSpec {
    if (experts < 1 || experts > MAX_EXPERTS) {
      throw new IllegalArgumentException(
          "expert nodes are %d, must be from 1 to %d".formatted(experts, MAX_EXPERTS));
    }
    if (threads < 0) {
      throw new IllegalArgumentException(
          "threads are %d, must be at least 1, or 0 to share the processors out"
              .formatted(threads));
    }
    routerFlags = List.copyOf(routerFlags);
  }

  /// Three expert processes, and a router on a free port that sends float32.
  public static ClusterSpec of(Path model) {
    return new ClusterSpec(model, 3, FREE_PORT, WireType.F32, ExpertHost.PROCESS, 0, List.of());
  }

  /// As [#of(Path)], with the model that comes with Moesaic.
  public static ClusterSpec ofBundledModel() {
    return of(bundledModel());
  }

  public static Path bundledModel() {
    return Installation.current().bundledModel();
  }

  public ClusterSpec withExperts(int newExperts) {
    return new ClusterSpec(model, newExperts, http, wire, expertHost, threads, routerFlags);
  }

  public ClusterSpec withHttp(NodeAddress newHttp) {
    return new ClusterSpec(model, experts, newHttp, wire, expertHost, threads, routerFlags);
  }

  public ClusterSpec withWire(WireType newWire) {
    return new ClusterSpec(model, experts, http, newWire, expertHost, threads, routerFlags);
  }

  public ClusterSpec withExpertHost(ExpertHost newHost) {
    return new ClusterSpec(model, experts, http, wire, newHost, threads, routerFlags);
  }

  public ClusterSpec withThreads(int newThreads) {
    return new ClusterSpec(model, experts, http, wire, expertHost, newThreads, routerFlags);
  }

  public ClusterSpec withRouterFlags(String... flags) {
    return new ClusterSpec(model, experts, http, wire, expertHost, threads, List.of(flags));
  }

  /// Compute threads of an expert node: the nodes work at the same time.
  int expertThreads() {
    return threads > 0 ? threads : Math.max(1, processors() / experts);
  }

  /// Compute threads of the router: it rests while the experts work, so it may use what they use.
  int routerThreads() {
    return threads > 0 ? threads : processors();
  }

  private static int processors() {
    return Runtime.getRuntime().availableProcessors();
  }
}
