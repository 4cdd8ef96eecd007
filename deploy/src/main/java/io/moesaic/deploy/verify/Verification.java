package io.moesaic.deploy.verify;

import io.moesaic.deploy.dev.ClusterException;
import io.moesaic.deploy.dev.ClusterProgress;
import io.moesaic.deploy.dev.ClusterSpec;
import io.moesaic.deploy.dev.LocalCluster;
import io.moesaic.deploy.dev.LocalNode;
import io.moesaic.router.ExpertParallelModel;
import io.moesaic.router.ModelSettings;
import io.moesaic.router.capacity.StepRows;
import io.moesaic.router.trunk.KvSequence;
import io.moesaic.router.trunk.RowFailures;
import io.moesaic.router.trunk.StepBatch;
import io.moesaic.router.trunk.TrunkConfig;
import io.moesaic.tensor.DType;
import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.checkpoint.ModelConfig;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.stream.IntStream;

/// Runs the prompts of an [Expectations] file through the router's own code in this process and
/// expert nodes in processes of their own.
public final class Verification {
  private static final Duration DISPATCH_TIMEOUT = Duration.ofSeconds(60);
  private static final long CONNECT_MILLIS = 30_000;

  private final ClusterSpec cluster;
  private final Path expectedFile;
  private final double tolerance;

  /// @param cluster the model, the number of expert nodes and the wire type to verify
  /// @param expectedFile an `expected.safetensors`
  /// @param tolerance largest error of a logit that passes
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
    var keys = ModelConfig.read(cluster.model());
    var config = TrunkConfig.of(keys);
    int expertsPerToken = keys.integer("num_experts_per_tok", 1, 1 << 12);
    try (var expected = Expectations.open(expectedFile, config, expertsPerToken);
        var running = LocalCluster.startExperts(cluster, progress)) {
      var first = run(rotaries.getFirst(), config, expected, running);
      if (!first.passed()) {
        for (var rotary : rotaries.subList(1, rotaries.size())) {
          var report = run(rotary, config, expected, running);
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
    int longest =
        expected.greedy().stream().mapToInt(ids -> ids.length).max().orElse(0)
            + expected.promptTokens();
    var settings =
        new ModelSettings(
            cluster.model(),
            rotary,
            Optional.empty(),
            running.experts().stream().map(LocalNode::address).toList(),
            cluster.wire(),
            Runtime.getRuntime().availableProcessors(),
            longest,
            DISPATCH_TIMEOUT);
    var recording = new Recording(expected, config.moeLayers());
    try (var model = ExpertParallelModel.open(settings, recording, (_, _) -> {})) {
      if (!model.layers().fleet().awaitComplete(CONNECT_MILLIS)) {
        throw new ClusterException(
            "the expert nodes cannot be used: " + model.layers().fleet().describeAbsent());
      }
      return new Run(model, expected, recording).report(rotary);
    }
  }

  /// All prompts on one model.
  private final class Run {
    private final ExpertParallelModel model;
    private final Expectations expected;
    private final Recording recording;
    private double logitsError;
    private int greedyDiffering;
    private int greedyTokens;

    Run(ExpertParallelModel model, Expectations expected, Recording recording) {
      this.model = model;
      this.expected = expected;
      this.recording = recording;
    }

    VerificationReport report(DType rotary) {
      for (int prompt = 0; prompt < expected.prompts().size(); prompt++) {
        verify(prompt);
      }
      return new VerificationReport(
          cluster.model().toString(),
          cluster.experts(),
          cluster.wire().label(),
          rotary,
          tolerance,
          logitsError,
          recording.report(),
          greedyDiffering,
          greedyTokens);
    }

    private void verify(int prompt) {
      var greedy = expected.greedy();
      var tokens = expected.prompts().get(prompt);
      int total = greedy.isEmpty() ? tokens.length : greedy.get(prompt).length;
      try (var cache = model.pool().allocate(total)) {
        int next = 0;
        for (int from = 0; from < tokens.length; from += model.maxStepTokens()) {
          int to = Math.min(tokens.length, from + model.maxStepTokens());
          recording.expect(prompt * tokens.length + from);
          var logits = forward(cache, Arrays.copyOfRange(tokens, from, to), from);
          compare(prompt, from, logits);
          next = best(logits);
        }
        recording.expectNothing();
        for (int position = tokens.length; position < total; position++) {
          greedyTokens++;
          greedyDiffering += next == greedy.get(prompt)[position] ? 0 : 1;
          next = best(forward(cache, new int[] {next}, position));
        }
      }
    }

    private Matrix forward(KvSequence cache, int[] tokens, int position) {
      var segment = new StepBatch.Segment(cache, 0, tokens.length, position);
      var batch =
          new StepBatch(tokens, List.of(segment), IntStream.range(0, tokens.length).toArray());
      var failures = new RowFailures(tokens.length);
      var logits =
          model.trunk().forward(batch, model.step(StepRows.unlimited(tokens.length)), failures);
      for (int row = 0; row < tokens.length; row++) {
        var reason = failures.reason(row);
        if (reason != null) {
          throw new ClusterException("the cluster failed during verification: " + reason);
        }
      }
      return logits;
    }

    private void compare(int prompt, int from, Matrix logits) {
      for (int row = 0; row < logits.rows(); row++) {
        for (int token = 0; token < logits.cols(); token++) {
          double error =
              Math.abs((double) logits.get(row, token) - expected.logit(prompt, from + row, token));
          logitsError = Math.max(logitsError, error);
        }
      }
    }

    /// The likeliest token after the last row.
    private int best(Matrix logits) {
      var best = new int[1];
      model.compute().kernels().topK(logits, logits.rows() - 1, 1, best, 0);
      return best[0];
    }
  }
}
