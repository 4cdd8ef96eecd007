package io.moesaic.deploy.cli;

import io.moesaic.deploy.dev.ClusterSpec;
import io.moesaic.wire.WireType;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/// What every command takes that starts a cluster on this machine.
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class ClusterOptions {
  @Option(
      names = "--model",
      paramLabel = "DIR",
      description = "Directory of the checkpoint; default: the model that comes with Moesaic.")
  private @Nullable Path model;

  @Option(
      names = "--experts",
      paramLabel = "N",
      defaultValue = "3",
      description = "Expert nodes; default: ${DEFAULT-VALUE}.")
  private int experts;

  @Option(
      names = "--wire",
      paramLabel = "f32|bf16",
      defaultValue = "f32",
      description = "Type of activations between the nodes; default: ${DEFAULT-VALUE}.")
  private WireType wire;

  /// The cluster that they ask for, with a router on a free port if it has one.
  ClusterSpec spec() {
    return (model == null ? ClusterSpec.ofBundledModel() : ClusterSpec.of(model))
        .withExperts(experts)
        .withWire(wire);
  }
}
