package io.moesaic.router.capacity;

import io.moesaic.router.gate.TokenRows;
import java.util.List;
import java.util.stream.Stream;

/// The rows of one pass through a model's MoE layers, and how they are limited.
///
/// @param tokens who the rows are, and which of them are counted together
/// @param limits the capacity of each group of rows
/// @param taken the places that each group has taken before, for capacities that count whole
///     sequences
/// @param tallies receives what becomes of each row
public record StepRows(
    TokenRows tokens, List<CapacityPolicy> limits, List<PlacesTaken> taken, RowTallies tallies) {
  public StepRows {
    limits = List.copyOf(limits);
    taken = List.copyOf(taken);
    if (tokens.groupCount() > limits.size()) {
      throw new IllegalArgumentException(
          "%d groups of rows, but %d capacities".formatted(tokens.groupCount(), limits.size()));
    }
    if (taken.size() != limits.size()) {
      throw new IllegalArgumentException(
          "%d capacities, but %d records of places taken".formatted(limits.size(), taken.size()));
    }
  }

  /// Rows of groups that have taken no places before.
  public StepRows(TokenRows tokens, List<CapacityPolicy> limits, RowTallies tallies) {
    this(tokens, limits, Stream.generate(PlacesTaken::new).limit(limits.size()).toList(), tallies);
  }

  /// Rows that nobody limits and nobody asks about.
  public static StepRows unlimited(int count) {
    return new StepRows(
        TokenRows.anonymous(count, 0), List.of(CapacityPolicy.DROPLESS), new RowTallies(count));
  }
}
