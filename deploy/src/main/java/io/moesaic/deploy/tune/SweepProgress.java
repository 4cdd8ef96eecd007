package io.moesaic.deploy.tune;

/// Told how far a sweep is.
@FunctionalInterface
public interface SweepProgress {
  SweepProgress SILENT = (_, _) -> {};

  /// @param done forward passes, of `total`
  void advanced(int done, int total);
}
