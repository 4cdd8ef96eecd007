package io.moesaic.router;

import io.moesaic.tensor.DType;
import io.moesaic.tensor.checkpoint.Checkpoint;
import io.moesaic.tensor.checkpoint.ModelConfig;
import io.moesaic.wire.NodeAddress;
import io.moesaic.wire.WireType;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;

/// Opens the layers of a model as a router does.
public final class OpenLayers {
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private OpenLayers() {}

  public static ExpertParallelLayers of(Path model, WireType wire, List<NodeAddress> nodes) {
    try (var checkpoint = Checkpoint.open(model)) {
      return ExpertParallelLayers.open(
          new ModelSettings(model, DType.F32, Optional.empty(), nodes, wire, 1, 1, TIMEOUT),
          checkpoint,
          ModelConfig.read(model));
    }
  }
}
