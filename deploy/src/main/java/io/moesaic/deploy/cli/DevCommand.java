package io.moesaic.deploy.cli;

import com.fasterxml.jackson.core.JsonProcessingException;
import io.moesaic.deploy.dev.ExpertHost;
import io.moesaic.deploy.dev.LocalCluster;
import io.moesaic.wire.NodeAddress;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `moesaic dev`: a cluster on this machine, until Ctrl-C or the end of a command.
@Command(
    name = "dev",
    description = {
      "Starts a cluster on this machine: expert nodes and a router.",
      "Each is a process of its own. With a COMMAND, runs it against the cluster, stops",
      "everything, and exits with its status."
    },
    customSynopsis = "moesaic dev [OPTIONS] [-- COMMAND...]",
    footer = {
      "%nExamples:",
      "  The model that comes with Moesaic, on three expert nodes, at port 8080:",
      "    moesaic dev",
      "  A model of yours on five, half the bytes between the nodes:",
      "    moesaic dev --model models/mixtral-8x7b --experts 5 --wire bf16",
      "  Experts that take an even share of the tokens and no more:",
      "    moesaic dev --capacity 1",
      "  For one command, which finds the addresses in MOESAIC_URL (HTTP), MOESAIC_FLIGHT (the",
      "  router's MoE layers over Arrow Flight) and MOESAIC_EXPERT_FLIGHT (the first expert node):",
      "    moesaic dev --http 0 -- moesaic generate --url '$MOESAIC_URL' --prompt \"Call me\""
    })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class DevCommand implements Callable<Integer> {
  private static final String LOOPBACK = "127.0.0.1";

  @Spec CommandSpec spec;

  @Mixin ClusterOptions cluster;

  @Option(
      names = "--http",
      paramLabel = "PORT",
      defaultValue = "8080",
      description = "Port of the HTTP API, 0 for a free one; default: ${DEFAULT-VALUE}.")
  int httpPort;

  @Option(
      names = "--expert-host",
      paramLabel = "in-process|process",
      defaultValue = "process",
      description = "Where expert nodes live: each in a process, or all in this one.")
  ExpertHost expertHost;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Compute threads of each node; default: the processors, shared out.")
  int threads;

  @Mixin MoeOptions moe;

  @Option(names = "--json", description = "Print the nodes as a JSON object, not as a table.")
  boolean json;

  @Parameters(paramLabel = "COMMAND", hidden = true)
  List<String> command = List.of();

  @Override
  public Integer call() throws InterruptedException, JsonProcessingException {
    var local =
        cluster
            .spec()
            .withHttp(new NodeAddress(LOOPBACK, httpPort))
            .withExpertHost(expertHost)
            .withThreads(threads)
            .withRouterFlags(moe.flags().toArray(String[]::new));
    long startNanos = System.nanoTime();
    var progress = DevProgress.on(spec.commandLine().getErr());
    try (var running = LocalCluster.start(local, progress)) {
      var startUp = Duration.ofNanos(System.nanoTime() - startNanos);
      show(DevSummary.of(local.model(), running, startUp));
      if (!command.isEmpty()) {
        return UserCommand.of(command, running).run();
      }
      progress.awaitDeathOfRouter();
      throw new CommandFailure("the router is gone, so the cluster has been stopped");
    }
  }

  /// With a command, standard output is the command's.
  private void show(DevSummary summary) throws JsonProcessingException {
    var commandLine = spec.commandLine();
    var out = command.isEmpty() ? commandLine.getOut() : commandLine.getErr();
    if (json) {
      out.println(summary.json());
    } else {
      summary.lines(command.isEmpty()).forEach(out::println);
    }
    out.flush();
  }
}
