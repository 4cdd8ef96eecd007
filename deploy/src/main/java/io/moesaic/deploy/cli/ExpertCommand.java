package io.moesaic.deploy.cli;

import io.moesaic.deploy.daemon.Daemon;
import io.moesaic.deploy.daemon.Endpoints;
import io.moesaic.deploy.daemon.NodeRole;
import io.moesaic.expert.ExpertNode;
import io.moesaic.expert.ExpertSettings;
import io.moesaic.expert.store.Shard;
import io.moesaic.tensor.checkpoint.LoadProgress;
import io.moesaic.wire.NodeAddress;
import io.moesaic.wire.WireLimits;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// `moesaic expert`: an expert node in this process.
@Command(
    name = "expert",
    description = "Serves a shard of a model's experts to routers.",
    footer = {
      DaemonOptions.OTHER_WAYS,
      "%nExamples:",
      "  The first of three expert nodes:",
      "    moesaic expert --model models/mixtral-8x7b --shard 0/3 --listen 127.0.0.1:9000",
      "  On a network that you trust, with settings from a file:",
      "    moesaic expert --config expert.yaml --insecure"
    })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class ExpertCommand implements Callable<Integer> {
  @Mixin DaemonOptions daemon;

  @Option(
      names = "--shard",
      required = true,
      paramLabel = "I/N",
      description = "Which of N equal parts of the experts to host, I from 0.")
  Shard shard;

  @Option(
      names = "--listen",
      paramLabel = "HOST:PORT",
      defaultValue = "127.0.0.1:9000",
      description =
          "Where routers connect (gRPC, Arrow Flight); port 0 for a free one; default:"
              + " ${DEFAULT-VALUE}.")
  NodeAddress listen;

  @Option(
      names = "--queue-batches",
      paramLabel = "N",
      defaultValue = "256",
      description = "Most token batches that wait; more are refused; default: ${DEFAULT-VALUE}.")
  int queueBatches;

  @Option(
      names = "--max-rows",
      paramLabel = "N",
      defaultValue = "4096",
      description = "Most token rows of one batch; default: ${DEFAULT-VALUE}.")
  int maxRows;

  @Option(
      names = "--max-message-bytes",
      paramLabel = "N",
      defaultValue = "67108864",
      description = "Most bytes of one batch; default: ${DEFAULT-VALUE}.")
  int maxMessageBytes;

  @Option(
      names = "--name",
      paramLabel = "NAME",
      description = "Name of the node in logs and tables; default: expert-I.")
  @Nullable String name;

  @Override
  public Integer call() throws IOException, InterruptedException {
    var settings =
        new ExpertSettings(
            name == null ? "expert-" + shard.index() : name,
            daemon.model,
            shard,
            listen,
            daemon.threads,
            queueBatches,
            new WireLimits(maxMessageBytes, maxRows),
            ExpertSettings.WARMUP,
            daemon.insecure);
    var node =
        DaemonOptions.bind(
            List.of(new DaemonOptions.Chosen(listen, "--listen")), () -> ExpertNode.bind(settings));
    daemon.daemon(NodeRole.EXPERT).run(new Served(node));
    return 0;
  }

  private record Served(ExpertNode node) implements Daemon.Node {
    @Override
    public Endpoints endpoints() {
      return Endpoints.expert(node.address());
    }

    @Override
    public void load(LoadProgress progress) {
      node.load(progress);
    }

    @Override
    public long memoryBytes() {
      return node.memoryBytes();
    }

    @Override
    public int heldExperts() {
      return node.held().size();
    }

    @Override
    public void close() {
      node.close();
    }
  }
}
