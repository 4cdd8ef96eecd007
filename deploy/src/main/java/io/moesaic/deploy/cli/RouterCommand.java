package io.moesaic.deploy.cli;

import io.moesaic.deploy.cli.DaemonOptions.Chosen;
import io.moesaic.deploy.daemon.Daemon;
import io.moesaic.deploy.daemon.Endpoints;
import io.moesaic.deploy.daemon.NodeRole;
import io.moesaic.router.RouterNode;
import io.moesaic.router.RouterSettings;
import io.moesaic.router.capacity.CapacityPolicy;
import io.moesaic.tensor.checkpoint.LoadProgress;
import io.moesaic.wire.NodeAddress;
import io.moesaic.wire.WireType;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `moesaic router`: a router node in this process.
@Command(
    name = "router",
    description = "Serves a model over HTTP; its experts run on the expert nodes.",
    footer = {
      DaemonOptions.OTHER_WAYS,
      "%nExamples:",
      "  In front of two expert nodes:",
      "    moesaic router --model models/mixtral-8x7b --experts 10.0.0.1:9000,10.0.0.2:9000",
      "  Half the bytes between the nodes, rounded activations:",
      "    moesaic router --config router.yaml --wire bf16",
      "  Experts that take a quarter more than an even share, the likeliest tokens first:",
      "    moesaic router --config router.yaml --capacity 1.25",
      "  In the file it may be written as YAML:",
      "    capacity: {factor: 1.25, priority: rank, overflow: next_choice}"
    })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class RouterCommand implements Callable<Integer> {
  private static final Logger log = LoggerFactory.getLogger(RouterCommand.class);

  /// Default of `--kv-tokens`.
  static final String KV_TOKENS = "16384";

  @Mixin DaemonOptions daemon;

  @Option(
      names = "--http",
      paramLabel = "HOST:PORT",
      defaultValue = "127.0.0.1:8080",
      description = "Where clients connect; port 0 for a free one; default: ${DEFAULT-VALUE}.")
  NodeAddress http;

  @Option(
      names = "--flight",
      paramLabel = "HOST:PORT",
      description = {
        "Where other runtimes use the MoE layers alone, over Arrow Flight; port 0 for a free one;",
        "default: nowhere. The only setting without an environment variable: MOESAIC_FLIGHT is",
        "where clients look."
      })
  @Nullable NodeAddress flight;

  @Option(
      names = "--experts",
      required = true,
      split = ",",
      paramLabel = "HOST:PORT",
      description = "The expert nodes; together they must host every expert.")
  List<NodeAddress> experts;

  @Option(
      names = "--wire",
      paramLabel = "f32|bf16",
      defaultValue = "f32",
      description = "Type of activations between the nodes; default: ${DEFAULT-VALUE}.")
  WireType wire;

  @Option(
      names = "--queue-requests",
      paramLabel = "N",
      defaultValue = "256",
      description =
          "Most requests that wait; more are refused with 429; default: ${DEFAULT-VALUE}.")
  int queueRequests;

  @Option(
      names = "--kv-tokens",
      paramLabel = "N",
      defaultValue = KV_TOKENS,
      description =
          "Tokens whose keys and values fit in memory, over all requests; default:"
              + " ${DEFAULT-VALUE}.")
  int kvTokens;

  @Option(
      names = "--dispatch-timeout",
      paramLabel = "TIME",
      defaultValue = "30s",
      description =
          "How long to wait for an expert node's reply, such as 500ms, 5s or 2m; default:"
              + " ${DEFAULT-VALUE}.")
  Duration dispatchTimeout;

  @Option(
      names = "--cors-origins",
      split = ",",
      paramLabel = "ORIGIN",
      description = "Web origins whose pages may call the API; * for all.")
  List<String> corsOrigins = List.of();

  @Option(
      names = "--name",
      paramLabel = "NAME",
      description = "Name of the model in the API; default: the name of its directory.")
  @Nullable String name;

  @Mixin MoeOptions moe;

  @Override
  public Integer call() throws IOException, InterruptedException {
    if (moe.capacity != null) {
      warnOfDependence(moe.capacity);
    }
    var settings =
        new RouterSettings(
            name == null ? daemon.modelName() : name,
            daemon.model,
            http,
            Optional.ofNullable(flight),
            experts,
            wire,
            moe.settings(),
            daemon.threads,
            queueRequests,
            kvTokens,
            dispatchTimeout,
            corsOrigins,
            daemon.insecure);
    List<Chosen> addresses = new ArrayList<>();
    addresses.add(new Chosen(http, "--http"));
    settings.flight().ifPresent(address -> addresses.add(new Chosen(address, "--flight")));
    var node = DaemonOptions.bind(addresses, () -> RouterNode.bind(settings));
    daemon.daemon(NodeRole.ROUTER).run(new Served(node));
    return 0;
  }

  private static void warnOfDependence(CapacityPolicy capacity) {
    if (!capacity.independentOfOtherRequests()) {
      log.warn("capacity has scope step: a request's answer depends on those that run beside it");
    }
  }

  /// A router is ready when every expert of the model has a node that serves it.
  private record Served(RouterNode node) implements Daemon.Node {
    private static final Duration COMPLAIN_EVERY = Duration.ofSeconds(10);

    @Override
    public Endpoints endpoints() {
      return Endpoints.router(node.address(), node.flight());
    }

    @Override
    public void load(LoadProgress progress) throws IOException, InterruptedException {
      node.load(progress);
      while (!node.awaitExperts(COMPLAIN_EVERY)) {
        log.warn("waiting for expert nodes: {}", node.describeAbsent());
      }
    }

    @Override
    public long memoryBytes() {
      return node.memoryBytes();
    }

    @Override
    public int heldExperts() {
      return 0;
    }

    @Override
    public void close() {
      node.close();
    }
  }
}
