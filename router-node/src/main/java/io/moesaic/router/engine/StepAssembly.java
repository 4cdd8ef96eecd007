package io.moesaic.router.engine;

import io.moesaic.router.capacity.CapacityPolicy;
import io.moesaic.router.capacity.RowTallies;
import io.moesaic.router.capacity.StepRows;
import io.moesaic.router.engine.Grouping.Group;
import io.moesaic.router.engine.Scheduler.Slice;
import io.moesaic.router.gate.TokenRows;
import io.moesaic.router.trunk.StepBatch;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// Turns a step's slices into the rows of a forward pass.
final class StepAssembly {
  private final List<Part> parts = new ArrayList<>();
  private final List<StepBatch.Segment> segments = new ArrayList<>();
  private final Map<Group, Integer> groups = new LinkedHashMap<>();
  private final BitSet recorded = new BitSet();
  private final int[] tokens;
  private final int[] positions;
  private final long[] seeds;
  private final int[] groupOfRow;

  /// What is computed in a step.
  ///
  /// @param batch for the trunk
  /// @param rows for the MoE blocks
  record Step(StepBatch batch, StepRows rows, List<Part> parts) {}

  /// A slice and where its results are.
  ///
  /// @param firstRow of the batch
  /// @param firstLogitRow of the logits
  record Part(Slice slice, int firstRow, int firstLogitRow) {
    /// How many of a slice's last rows need logits: all of a prompt that is scored, else the one
    /// that the next token is chosen from.
    int logitRows() {
      var request = slice.sequence().request();
      if (request.scorePrompt() && slice.from() < request.prompt().length) {
        return slice.count();
      }
      return slice.completes() ? 1 : 0;
    }

    int endRow() {
      return firstRow + slice.count();
    }

    int endLogitRow() {
      return firstLogitRow + logitRows();
    }
  }

  private StepAssembly(int rows) {
    tokens = new int[rows];
    positions = new int[rows];
    seeds = new long[rows];
    groupOfRow = new int[rows];
  }

  static Step of(List<Slice> slices, Grouping grouping) {
    var assembly = new StepAssembly(slices.stream().mapToInt(Slice::count).sum());
    int row = 0;
    int logitRow = 0;
    for (var slice : slices) {
      var part = new Part(slice, row, logitRow);
      assembly.add(part, grouping);
      row = part.endRow();
      logitRow = part.endLogitRow();
    }
    return assembly.step(logitRow);
  }

  private void add(Part part, Grouping grouping) {
    var slice = part.slice;
    var sequence = slice.sequence();
    var group = grouping.group(sequence);
    groups.putIfAbsent(group, groups.size());
    parts.add(part);
    segments.add(
        new StepBatch.Segment(sequence.cache(), part.firstRow, slice.count(), slice.from()));
    for (int i = 0; i < slice.count(); i++) {
      int row = part.firstRow + i;
      tokens[row] = sequence.token(slice.from() + i);
      positions[row] = slice.from() + i;
      seeds[row] = sequence.request().sampling().seed();
      groupOfRow[row] = groups.get(group);
    }
    if (sequence.request().moe().routedExperts()) {
      recorded.set(part.firstRow, part.endRow());
    }
  }

  private Step step(int logits) {
    var logitRows = new int[logits];
    for (var part : parts) {
      for (int i = 1; i <= part.logitRows(); i++) {
        logitRows[part.endLogitRow() - i] = part.endRow() - i;
      }
    }
    List<CapacityPolicy> limits = groups.keySet().stream().map(Group::policy).toList();
    return new Step(
        new StepBatch(tokens, List.copyOf(segments), logitRows),
        new StepRows(
            new TokenRows(tokens, positions, seeds, groupOfRow),
            limits,
            groups.keySet().stream().map(Group::placesTaken).toList(),
            new RowTallies(tokens.length, recorded)),
        List.copyOf(parts));
  }
}
