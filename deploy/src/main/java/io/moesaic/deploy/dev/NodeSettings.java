package io.moesaic.deploy.dev;

import io.moesaic.deploy.daemon.Endpoints;
import io.moesaic.expert.ExpertSettings;
import io.moesaic.expert.store.Shard;
import io.moesaic.wire.NodeAddress;
import io.moesaic.wire.WireLimits;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;

/// What the nodes of a cluster are told: as arguments of `moesaic` for a process, as settings for
/// an expert node in this JVM.
///
/// @param spec the cluster that they are nodes of
record NodeSettings(ClusterSpec spec) {
  private static final int QUEUE_BATCHES = 256;

  List<String> routerArguments(Endpoints listen, List<NodeAddress> experts) {
    List<String> arguments = new ArrayList<>();
    arguments.addAll(List.of("router", "--announce"));
    arguments.add("--model=" + spec.model().toAbsolutePath());
    arguments.add("--http=" + listen.address());
    listen.grpc().ifPresent(flight -> arguments.add("--flight=" + flight));
    arguments.add(
        "--experts="
            + experts.stream().map(NodeAddress::toString).collect(Collectors.joining(",")));
    arguments.add("--wire=" + spec.wire().label());
    arguments.add("--threads=" + spec.routerThreads());
    arguments.addAll(spec.routerFlags());
    return arguments;
  }

  List<String> expertArguments(Shard shard, NodeAddress listen) {
    return List.of(
        "expert",
        "--announce",
        "--name=" + expertName(shard),
        "--model=" + spec.model().toAbsolutePath(),
        "--shard=" + shard,
        "--listen=" + listen,
        "--threads=" + spec.expertThreads());
  }

  /// Of a node in this process, which warms up for those that follow.
  ExpertSettings expert(Shard shard, NodeAddress listen) {
    return new ExpertSettings(
        expertName(shard),
        spec.model(),
        shard,
        listen,
        spec.expertThreads(),
        QUEUE_BATCHES,
        WireLimits.DEFAULT,
        Duration.ZERO,
        false);
  }

  static String expertName(Shard shard) {
    return "expert-" + shard.index();
  }
}
