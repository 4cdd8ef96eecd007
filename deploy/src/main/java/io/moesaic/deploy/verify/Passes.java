package io.moesaic.deploy.verify;

import io.moesaic.deploy.dev.ClusterException;
import io.moesaic.router.ExpertParallelModel;
import io.moesaic.router.capacity.PlacesTaken;
import io.moesaic.router.capacity.RowTallies;
import io.moesaic.router.capacity.StepRows;
import io.moesaic.router.gate.TokenRows;
import io.moesaic.router.trunk.KvSequence;
import io.moesaic.router.trunk.RowFailures;
import io.moesaic.router.trunk.StepBatch;
import io.moesaic.tensor.Matrix;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;

/// The passes of one sequence through a model.
final class Passes implements AutoCloseable {
  private final ExpertParallelModel model;
  private final KvSequence cache;
  private final PlacesTaken taken = new PlacesTaken();
  private int computed;

  /// Receives the logits of a pass.
  interface Reader {
    /// @param first the position in the text of the first row
    /// @param logits `[rows, vocabulary]`
    void read(int first, Matrix logits);
  }

  private Passes(ExpertParallelModel model, KvSequence cache) {
    this.model = model;
    this.cache = cache;
  }

  /// @param encoded a prompt that is encoded, before the text; empty for a model that does not
  /// @param positions most tokens of the text
  static Passes of(ExpertParallelModel model, int[] encoded, int positions) {
    if (encoded.length > model.maxStepTokens()) {
      throw new IllegalArgumentException(
          "input_ids are %d tokens, must be at most %d: they are encoded in one pass"
              .formatted(encoded.length, model.maxStepTokens()));
    }
    var passes = new Passes(model, model.pool().allocate(encoded.length, positions));
    try {
      if (encoded.length > 0) {
        passes.forward(encoded, new int[0]);
      }
      return passes;
    } catch (RuntimeException e) {
      passes.close();
      throw e;
    }
  }

  /// Reads the next tokens of the text.
  ///
  /// @return the logits of the last pass
  Matrix read(int[] tokens) {
    return read(tokens, (_, _) -> {});
  }

  /// Reads the next tokens of the text, in as many passes as it takes.
  ///
  /// @return the logits of the last pass
  Matrix read(int[] tokens, Reader reader) {
    var logits = Matrix.allocate(0, model.config().vocabulary());
    for (int from = 0; from < tokens.length; from += model.maxStepTokens()) {
      int to = Math.min(tokens.length, from + model.maxStepTokens());
      logits =
          forward(Arrays.copyOfRange(tokens, from, to), IntStream.range(0, to - from).toArray());
      reader.read(from, logits);
    }
    return logits;
  }

  private Matrix forward(int[] tokens, int[] logitRows) {
    int count = tokens.length;
    var segment = new StepBatch.Segment(cache, 0, count, computed);
    var rows =
        new StepRows(
            TokenRows.anonymous(count, 0),
            List.of(model.capacity()),
            List.of(taken),
            new RowTallies(count));
    var failures = new RowFailures(count);
    var batch = new StepBatch(tokens, List.of(segment), logitRows);
    var logits = model.trunk().forward(batch, model.step(rows), failures);
    failures
        .firstReason()
        .ifPresent(
            reason -> {
              throw new ClusterException("the cluster failed during verification: " + reason);
            });
    computed += count;
    return logits;
  }

  @Override
  public void close() {
    cache.close();
  }
}
