package io.moesaic.deploy.cli;

import io.moesaic.deploy.dev.ClusterSpec;
import io.moesaic.tensor.checkpoint.ModelConfig;
import io.moesaic.tensor.ffn.ExpertBank;
import io.moesaic.wire.WireType;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// What every command takes that starts a cluster on this machine.
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class ClusterOptions {
  @Spec(Spec.Target.MIXEE)
  private CommandSpec command;

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
  ///
  /// @throws ParameterException for a model that is no directory, or nodes that it has no experts
  ///     for
  ClusterSpec spec() {
    var cluster = model == null ? ClusterSpec.ofBundledModel() : ClusterSpec.of(model);
    if (Files.isRegularFile(cluster.model())) {
      throw new ParameterException(
          command.commandLine(),
          "--model is %s, must be the model's directory, not a file in it"
              .formatted(cluster.model()));
    }
    int most = ExpertBank.of(ModelConfig.read(cluster.model())).count();
    boolean scarce = most <= ClusterSpec.MAX_EXPERTS;
    if (experts < 1 || experts > Math.min(most, ClusterSpec.MAX_EXPERTS)) {
      throw new ParameterException(
          command.commandLine(),
          "--experts is %d, must be from 1 to %s"
              .formatted(
                  experts, scarce ? most + ", the experts of the model" : ClusterSpec.MAX_EXPERTS));
    }
    return cluster.withExperts(experts).withWire(wire);
  }
}
