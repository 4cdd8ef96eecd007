package io.moesaic.deploy.tune;

import io.moesaic.deploy.dev.ClusterException;
import io.moesaic.deploy.dev.LocalCluster;
import io.moesaic.deploy.tune.LoadMeter.Fullest;
import io.moesaic.router.ExpertParallelModel;
import io.moesaic.router.capacity.CapacityPolicy;
import io.moesaic.router.capacity.RowTallies;
import io.moesaic.router.trunk.KvPool;
import io.moesaic.router.trunk.KvSequence;
import io.moesaic.router.trunk.RowFailures;
import io.moesaic.router.trunk.StepBatch;
import io.moesaic.router.trunk.StepBatch.Segment;
import io.moesaic.tensor.DType;
import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.checkpoint.ModelConfig;
import io.moesaic.tensor.ffn.ExpertBank;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Runs windows of text through the router's own code in this process, with the experts on the
/// nodes of a cluster. For one thread.
final class WindowRunner implements AutoCloseable {
  private final ExpertParallelModel model;
  private final LoadMeter meter;

  /// @param nll negative log-likelihood of each scored row's next token
  /// @param likeliest the token that each scored row would be continued with
  /// @param fullest the mean over blocks
  record Outcome(
      double[] nll, int[] likeliest, RowTallies tallies, Fullest fullest, long elapsedNanos) {}

  private WindowRunner(ExpertParallelModel model, LoadMeter meter) {
    this.model = model;
    this.meter = meter;
  }

  /// @throws ClusterException when the expert nodes cannot be used
  static WindowRunner open(TuneSpec spec, LocalCluster cluster) throws InterruptedException {
    var directory = spec.cluster().model();
    int blocks = KvPool.blocksFor(spec.window()) * spec.batch();
    var meter =
        new LoadMeter(
            ExpertBank.of(ModelConfig.read(directory)).experts(), spec.cluster().experts());
    var model = cluster.openModel(DType.F32, blocks * KvPool.BLOCK, meter);
    try {
      requireFits(spec, model);
      return new WindowRunner(model, meter);
    } catch (RuntimeException e) {
      model.close();
      throw e;
    }
  }

  private static void requireFits(TuneSpec spec, ExpertParallelModel model) {
    if (spec.window() > model.config().maxPositions()) {
      throw new IllegalArgumentException(
          "window is %d tokens, must be at most the %d positions of the model"
              .formatted(spec.window(), model.config().maxPositions()));
    }
    if (spec.window() * spec.batch() > model.maxStepTokens()) {
      throw new IllegalArgumentException(
          "batch is %d windows of %d tokens, must be at most the %d tokens of a pass in all"
              .formatted(spec.batch(), spec.window(), model.maxStepTokens()));
    }
  }

  /// One forward pass.
  ///
  /// @throws ClusterException when an expert node failed
  Outcome run(Pass pass, CapacityPolicy policy) {
    List<KvSequence> caches = new ArrayList<>();
    try {
      List<Segment> segments = new ArrayList<>();
      for (int window = 0; window < pass.windows().size(); window++) {
        var cache = model.pool().allocate(pass.windowTokens());
        caches.add(cache);
        segments.add(new Segment(cache, pass.firstRow(window), pass.windowTokens(), 0));
      }
      var batch = new StepBatch(pass.tokens(), segments, pass.scoredRows());
      var rows = pass.limitedBy(policy);
      var failures = new RowFailures(pass.rows());
      meter.begin(model.layers().fleet().placement());
      long startNanos = System.nanoTime();
      var logits = model.trunk().forward(batch, model.step(rows), failures);
      long elapsedNanos = System.nanoTime() - startNanos;
      failures
          .firstReason()
          .ifPresent(
              reason -> {
                throw new ClusterException("the cluster failed during the measurement: " + reason);
              });
      return new Outcome(
          nll(logits, batch), likeliest(logits), rows.tallies(), meter.mean(), elapsedNanos);
    } finally {
      caches.forEach(KvSequence::close);
    }
  }

  private static double[] nll(Matrix logits, StepBatch batch) {
    var nll = new double[logits.rows()];
    Arrays.parallelSetAll(
        nll, i -> Likelihood.negativeLog(logits, i, batch.tokens()[batch.logitRows()[i] + 1]));
    return nll;
  }

  private int[] likeliest(Matrix logits) {
    var likeliest = new int[logits.rows()];
    for (int row = 0; row < likeliest.length; row++) {
      model.compute().kernels().topK(logits, row, 1, likeliest, row);
    }
    return likeliest;
  }

  @Override
  public void close() {
    model.close();
  }
}
