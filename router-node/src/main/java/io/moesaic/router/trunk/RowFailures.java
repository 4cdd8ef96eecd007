package io.moesaic.router.trunk;

import org.jspecify.annotations.Nullable;

/// The rows of a step whose result is void, each with its reason: a node that died fails the tokens
/// that needed it, and no other. Not safe for concurrent use.
public final class RowFailures {
  private final @Nullable String[] reasons;

  public RowFailures(int rows) {
    reasons = new @Nullable String[rows];
  }

  /// The first reason stays.
  public void fail(int row, String reason) {
    if (reasons[row] == null) {
      reasons[row] = reason;
    }
  }

  public boolean failed(int row) {
    return reasons[row] != null;
  }

  /// Why the row failed, or null.
  public @Nullable String reason(int row) {
    return reasons[row];
  }
}
