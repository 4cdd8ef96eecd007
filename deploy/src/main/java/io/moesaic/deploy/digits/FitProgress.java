package io.moesaic.deploy.digits;

/// Hears how a fit goes, on the thread that fits.
@FunctionalInterface
public interface FitProgress {
  FitProgress SILENT = (_, _, _) -> {};

  /// An epoch ends.
  ///
  /// @param epoch from 1 on
  /// @param loss mean over the warped images of this epoch, each when its turn came; losses of
  ///     different variances do not compare
  /// @param accuracy the part of them that the mixture told right, from 0 to 1
  void epochEnded(int epoch, double loss, double accuracy);
}
