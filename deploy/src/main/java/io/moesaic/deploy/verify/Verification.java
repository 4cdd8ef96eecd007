package io.moesaic.deploy.verify;

import io.moesaic.deploy.dev.ClusterException;
import io.moesaic.deploy.dev.ClusterProgress;
import io.moesaic.deploy.dev.ClusterSpec;
import io.moesaic.deploy.dev.LocalCluster;
import io.moesaic.deploy.dev.LocalNode;
import io.moesaic.router.ExpertParallelModel;
import io.moesaic.router.ModelSettings;
import io.moesaic.router.capacity.PlacesTaken;
import io.moesaic.router.capacity.RowTallies;
import io.moesaic.router.capacity.StepRows;
import io.moesaic.router.gate.ModelPolicy;
import io.moesaic.router.gate.TokenRows;
import io.moesaic.router.trunk.KvPool;
import io.moesaic.router.trunk.KvSequence;
import io.moesaic.router.trunk.RowFailures;
import io.moesaic.router.trunk.StepBatch;
import io.moesaic.router.trunk.TrunkConfig;
import io.moesaic.tensor.DType;
import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.checkpoint.ModelConfig;
import io.moesaic.tensor.ffn.ExpertBank;
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
    int count = ExpertBank.of(keys).experts();
    var experts = new Expectations.Experts(ModelPolicy.of(keys).ranks(count), count);
    try (var expected = Expectations.open(expectedFile, config, experts);
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
            + expected.promptTokens()
            + expected.textTokens()
            + KvPool.BLOCK;
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
      var text = expected.texts().get(prompt);
      var greedy = expected.greedy();
      int more = greedy.isEmpty() ? 0 : greedy.get(prompt).length;
      try (var passes = new Passes(prompt, Math.max(text.length, more))) {
        recording.expect(prompt * expected.promptTokens());
        passes.encode();
        int next = 0;
        for (int from = 0; from < text.length; from += model.maxStepTokens()) {
          int to = Math.min(text.length, from + model.maxStepTokens());
          recording.expect(prompt * text.length + from);
          var logits = passes.next(Arrays.copyOfRange(text, from, to));
          compare(prompt, from, logits);
          next = best(logits);
        }
        recording.expectNothing();
        if (!expected.encodes() && more > 0) {
          greedily(passes, next, greedy.get(prompt), text.length);
        }
      }
      if (expected.encodes() && more > 0) {
        // The text above was given; this one begins anew.
        var begin = expected.greedyBegin(prompt);
        try (var passes = new Passes(prompt, more)) {
          passes.encode();
          greedily(passes, best(passes.next(begin)), greedy.get(prompt), begin.length);
        }
      }
    }

    private void greedily(Passes passes, int first, int[] reference, int from) {
      int next = first;
      for (int position = from; position < reference.length; position++) {
        greedyTokens++;
        greedyDiffering += next == reference[position] ? 0 : 1;
        next = best(passes.next(new int[] {next}));
      }
    }

    /// The passes of one sequence.
    private final class Passes implements AutoCloseable {
      private final int[] prompt;
      private final KvSequence cache;
      private final PlacesTaken taken = new PlacesTaken();
      private int computed;

      /// @param positions of the text
      Passes(int prompt, int positions) {
        this.prompt = expected.encodes() ? expected.prompts().get(prompt) : new int[0];
        cache = model.pool().allocate(this.prompt.length, positions);
      }

      /// Encodes the prompt, if that is what the model does.
      void encode() {
        if (prompt.length > model.maxStepTokens()) {
          throw new IllegalArgumentException(
              "input_ids are %d tokens, must be at most %d: they are encoded in one pass"
                  .formatted(prompt.length, model.maxStepTokens()));
        }
        if (prompt.length > 0) {
          forward(prompt, new int[0]);
        }
      }

      /// Logits of the text's next tokens.
      Matrix next(int[] tokens) {
        return forward(tokens, IntStream.range(0, tokens.length).toArray());
      }

      private Matrix forward(int[] tokens, int[] logitRows) {
        int count = tokens.length;
        var segment = new StepBatch.Segment(cache, 0, count, computed);
        var batch = new StepBatch(tokens, List.of(segment), logitRows);
        var rows =
            new StepRows(
                TokenRows.anonymous(count, 0),
                List.of(model.capacity()),
                List.of(taken),
                new RowTallies(count));
        var failures = new RowFailures(count);
        var logits = model.trunk().forward(batch, model.step(rows), failures);
        for (int row = 0; row < count; row++) {
          var reason = failures.reason(row);
          if (reason != null) {
            throw new ClusterException("the cluster failed during verification: " + reason);
          }
        }
        computed += count;
        return logits;
      }

      @Override
      public void close() {
        cache.close();
      }
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
