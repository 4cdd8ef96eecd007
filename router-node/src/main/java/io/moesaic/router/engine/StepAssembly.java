package io.moesaic.router.engine;

import io.moesaic.router.engine.Scheduler.Slice;
import io.moesaic.router.trunk.StepBatch;
import java.util.ArrayList;
import java.util.List;

/// Turns a step's slices into the rows of a forward pass.
final class StepAssembly {
  private StepAssembly() {}

  static StepBatch of(List<Slice> slices) {
    int rows = slices.stream().mapToInt(Slice::count).sum();
    var tokens = new int[rows];
    var logitRows = new int[slices.stream().mapToInt(StepAssembly::logitRows).sum()];
    List<StepBatch.Segment> segments = new ArrayList<>();
    int row = 0;
    int logitRow = 0;
    for (var slice : slices) {
      var sequence = slice.sequence();
      segments.add(new StepBatch.Segment(sequence.cache(), row, slice.count(), slice.from()));
      for (int i = 0; i < slice.count(); i++) {
        tokens[row + i] = sequence.token(slice.from() + i);
      }
      row += slice.count();
      for (int i = logitRows(slice); i > 0; i--) {
        logitRows[logitRow++] = row - i;
      }
    }
    return new StepBatch(tokens, segments, logitRows);
  }

  /// How many of a slice's last rows need logits: all of a prompt that is scored, else the one that
  /// the next token is chosen from.
  static int logitRows(Slice slice) {
    boolean prompt = slice.from() < slice.sequence().request().prompt().length;
    if (slice.sequence().request().scorePrompt() && prompt) {
      return slice.count();
    }
    return slice.completes() ? 1 : 0;
  }
}
