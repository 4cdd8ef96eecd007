package io.moesaic.router.trunk;

import java.util.List;

/// The token rows of one forward pass, of any number of sequences and in any mixture of prefill and
/// decode.
///
/// @param tokens token id of each row
/// @param segments the sequences, which together cover the rows in order
/// @param logitRows the rows whose logits are wanted, ascending
public record StepBatch(int[] tokens, List<Segment> segments, int[] logitRows) {
  /// Consecutive positions of one sequence.
  ///
  /// @param cache of the sequence, with room up to the last position
  /// @param firstRow the row of the first position
  /// @param rows how many, at least 1
  /// @param firstPosition all earlier ones are in the cache
  public record Segment(KvSequence cache, int firstRow, int rows, int firstPosition) {}

  int rows() {
    return tokens.length;
  }

  /// The position of each row in its sequence.
  int[] positions() {
    var positions = new int[tokens.length];
    for (var segment : segments) {
      for (int i = 0; i < segment.rows; i++) {
        positions[segment.firstRow + i] = segment.firstPosition + i;
      }
    }
    return positions;
  }
}
