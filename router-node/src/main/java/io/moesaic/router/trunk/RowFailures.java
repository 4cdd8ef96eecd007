package io.moesaic.router.trunk;

import java.util.Arrays;
import java.util.BitSet;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/// The rows of a step whose result is void, each with its reason: a node that died fails the tokens
/// that needed it, and no other. Not safe for concurrent use.
public final class RowFailures {
  private final @Nullable String[] reasons;
  private final BitSet refused = new BitSet();

  public RowFailures(int rows) {
    reasons = new @Nullable String[rows];
  }

  /// A row whose values cannot be used: it would fail anywhere. The first reason stays.
  public void refuse(int row, String reason) {
    refused.set(row, refused.get(row) || reasons[row] == null);
    fail(row, reason);
  }

  /// A row that did without something that was not there. The first reason stays.
  public void fail(int row, String reason) {
    if (reasons[row] == null) {
      reasons[row] = reason;
    }
  }

  public boolean failed(int row) {
    return reasons[row] != null;
  }

  /// Whether the row failed by its own values.
  public boolean refused(int row) {
    return refused.get(row);
  }

  /// Why the row failed, or null.
  public @Nullable String reason(int row) {
    return reasons[row];
  }

  /// Why the first of the rows that failed did; empty when none has.
  public Optional<String> firstReason() {
    return Arrays.stream(reasons).filter(Objects::nonNull).findFirst();
  }
}
