package io.moesaic.deploy.verify;

import io.moesaic.deploy.dev.ClusterException;
import io.moesaic.deploy.dev.ClusterProgress;
import io.moesaic.deploy.dev.ClusterSpec;
import io.moesaic.deploy.dev.LocalCluster;
import io.moesaic.router.trunk.KvPool;
import io.moesaic.router.trunk.TrunkConfig;
import io.moesaic.tensor.DType;
import io.moesaic.tensor.checkpoint.ModelConfig;
import java.nio.file.Path;
import java.util.List;

/// Runs the prompts of an [Expectations] file through the router's own code in this process and the
/// expert nodes of a local cluster.
public final class Verification {
  private final ClusterSpec cluster;
  private final Path expectedFile;
  private final double tolerance;

  /// @param cluster the model, the number of expert nodes and the wire type to verify
  /// @param expectedFile an `expected.safetensors`
  /// @param tolerance largest error of a logit that passes, in standard deviations of all logits
  ///     where that is above 1
  public Verification(ClusterSpec cluster, Path expectedFile, double tolerance) {
    this.cluster = cluster;
    this.expectedFile = expectedFile;
    this.tolerance = tolerance;
  }

  /// Verifies with each type of the rotary frequencies in turn until one passes.
  ///
  /// @param rotaries at least one
  /// @return the report of the one that passed, or of the first
  /// @throws io.moesaic.tensor.checkpoint.CheckpointException when the model or the expectations
  ///     cannot be used
  /// @throws ClusterException when an expert node does not start, or fails
  public VerificationReport run(List<DType> rotaries, ClusterProgress progress)
      throws InterruptedException {
    var config = ModelConfig.read(cluster.model());
    try (var expected = Expectations.open(expectedFile, config);
        var running = LocalCluster.startExperts(cluster, progress)) {
      var first = run(rotaries.getFirst(), TrunkConfig.of(config), expected, running);
      if (!first.passed()) {
        for (var rotary : rotaries.subList(1, rotaries.size())) {
          var report = run(rotary, TrunkConfig.of(config), expected, running);
          if (report.passed()) {
            return report;
          }
        }
      }
      return first;
    }
  }

  private VerificationReport run(
      DType rotary, TrunkConfig config, Expectations expected, LocalCluster running)
      throws InterruptedException {
    // One sequence at a time, and what is encoded is kept apart from what continues it.
    int positions = expected.longestPrompt() + expected.longestText() + 2 * KvPool.BLOCK;
    var blocks = new BlockComparison(expected, config.moeLayers());
    try (var model = running.openModel(rotary, positions, blocks)) {
      var comparison = new TextComparison(model, expected, blocks);
      for (int prompt = 0; prompt < expected.prompts().size(); prompt++) {
        comparison.compare(prompt);
      }
      return new VerificationReport(
          cluster.model().toString(),
          cluster.experts(),
          cluster.wire().label(),
          rotary,
          tolerance,
          comparison.logitsError(),
          expected.logitsDeviation(),
          blocks.report(),
          comparison.greedyDiffering(),
          comparison.greedyTokens());
    }
  }
}
