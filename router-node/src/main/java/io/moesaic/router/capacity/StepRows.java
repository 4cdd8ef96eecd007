package io.moesaic.router.capacity;

import io.moesaic.router.gate.TokenRows;
import java.util.List;

/// The rows of one pass through a model's MoE layers, and how they are limited.
///
/// @param tokens who the rows are, and which of them are counted together
/// @param limits the capacity of each group of rows
/// @param tallies receives what becomes of each row
public record StepRows(TokenRows tokens, List<CapacityPolicy> limits, RowTallies tallies) {
  public StepRows {
    limits = List.copyOf(limits);
    if (tokens.groupCount() > limits.size()) {
      throw new IllegalArgumentException(
          "%d groups of rows, but %d capacities".formatted(tokens.groupCount(), limits.size()));
    }
  }

  /// Rows that nobody limits and nobody asks about.
  public static StepRows unlimited(int count) {
    return new StepRows(
        TokenRows.anonymous(count, 0), List.of(CapacityPolicy.DROPLESS), new RowTallies(count));
  }
}
