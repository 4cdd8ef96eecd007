package io.moesaic.router.trunk;

import io.moesaic.router.trunk.StepBatch.Segment;
import java.util.ArrayList;
import java.util.List;

/// A few rows of one sequence, which attention takes together: so prefill reads each block of keys
/// once for all of them.
///
/// @param cache of the sequence
/// @param firstRow in the step
/// @param rows how many, at most [#MOST]
/// @param firstPlace of the first row's keys and values, as by [KvSequence#place]
record RowBlock(KvSequence cache, int firstRow, int rows, int firstPlace) {
  static final int MOST = 16;

  static List<RowBlock> of(StepBatch batch) {
    List<RowBlock> blocks = new ArrayList<>();
    for (Segment segment : batch.segments()) {
      for (int i = 0; i < segment.rows(); i += MOST) {
        blocks.add(
            new RowBlock(
                segment.cache(),
                segment.firstRow() + i,
                Math.min(MOST, segment.rows() - i),
                segment.cache().place(segment.firstPosition()) + i));
      }
    }
    return blocks;
  }

  int lastPlace() {
    return firstPlace + rows - 1;
  }
}
