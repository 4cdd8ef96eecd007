package io.moesaic.deploy.cli;

import io.moesaic.deploy.daemon.Daemon;
import io.moesaic.deploy.daemon.NodeRole;
import io.moesaic.tensor.checkpoint.Checkpoint;
import io.moesaic.wire.NodeAddress;
import java.io.IOException;
import java.net.BindException;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// What both daemons take.
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class DaemonOptions {
  /// For the help of both: see [Settings].
  static final String OTHER_WAYS =
      "%nEach option may also be set by an environment variable or in the file of --config:%n"
          + "--threads 8 is MOESAIC_THREADS=8, or \"threads: 8\" in the file, which is YAML.%n"
          + "The command line counts most, then the environment, then the file.";

  @Option(
      names = "--model",
      required = true,
      paramLabel = "DIR",
      description = "Directory of the checkpoint, in the Hugging Face layout.")
  Path model;

  @Option(
      names = "--threads",
      paramLabel = "N",
      description = "Threads that compute; default: one for each processor.")
  int threads = Runtime.getRuntime().availableProcessors();

  @Option(
      names = "--insecure",
      // With a value, because a flag turns what the file says into its opposite.
      arity = "0..1",
      fallbackValue = "true",
      defaultValue = "false",
      description = "Listen where other hosts can connect, unencrypted and unauthenticated.")
  boolean insecure;

  @Option(
      names = "--config",
      paramLabel = "FILE",
      description = "YAML file of settings; also MOESAIC_CONFIG.")
  @Nullable Path config;

  /// For whoever starts the daemon: see [io.moesaic.deploy.daemon.Announcement].
  @Option(names = "--announce", hidden = true)
  boolean announce;

  String modelName() {
    return Checkpoint.nameOf(model);
  }

  Daemon daemon(NodeRole role) {
    return announce ? Daemon.announcing(System.out) : Daemon.standalone(role);
  }

  @FunctionalInterface
  interface Binding<T> {
    T bind() throws IOException;
  }

  /// An address, and the flag that chooses another.
  record Chosen(NodeAddress address, String flag) {}

  /// Binds a node; an address that cannot be had is told with the flag that chooses another.
  ///
  /// @param addresses of which the first is meant when an error names none
  static <T> T bind(List<Chosen> addresses, Binding<T> binding) throws IOException {
    try {
      return binding.bind();
    } catch (RuntimeException | IOException e) {
      for (Throwable cause = e; cause != null; cause = cause.getCause()) {
        var message = cause.getMessage();
        if (cause instanceof BindException
            || (message != null && message.contains("Address already in use"))) {
          var chosen = meant(addresses, String.valueOf(e.getMessage()));
          throw new CommandFailure(
              "cannot listen on %s: %s. Choose another address with %s"
                  .formatted(chosen.address, message, chosen.flag),
              e);
        }
      }
      throw e;
    }
  }

  private static Chosen meant(List<Chosen> addresses, String message) {
    return addresses.stream()
        .filter(chosen -> message.endsWith(chosen.address.toString()))
        .findFirst()
        .orElse(addresses.getFirst());
  }
}
