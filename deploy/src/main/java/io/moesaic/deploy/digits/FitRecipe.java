package io.moesaic.deploy.digits;

/// How a mixture is fitted.
///
/// @param size of the mixture
/// @param epochs times that each image is seen, each time warped anew
/// @param batch images for one step
/// @param rate how far a step moves a parameter, at first; it falls to zero along a line
/// @param gateRate the same for the gate, which must not choose before there is something to choose
/// @param firstVariance of the loss, at first: sharp, so that every expert finds something to do
/// @param lastVariance of the loss from 60 % of the epochs on; 1 is the paper's
/// @param stretch of the warps, see [Warp]
/// @param shift of the warps, in pixels
public record FitRecipe(
    MixtureSize size,
    int epochs,
    int batch,
    double rate,
    double gateRate,
    double firstVariance,
    double lastVariance,
    double stretch,
    double shift) {
  /// With which the bundled model was fitted.
  public static final FitRecipe BUNDLED =
      new FitRecipe(new MixtureSize(4, 96), 200, 32, 1e-2, 3e-3, 0.1, 1, 0.2, 0.7);

  private static final double VARIANCE_SETTLES = 0.6;

  public FitRecipe {
    within("epochs", epochs, 1, 10_000);
    within("batch", batch, 1, 10_000);
    within("rate", rate, 0, 1);
    within("gateRate", gateRate, 0, 1);
    within("firstVariance", firstVariance, 1e-3, 1e3);
    within("lastVariance", lastVariance, 1e-3, 1e3);
    within("stretch", stretch, 0, 0.5);
    within("shift", shift, 0, Digits.SIDE);
  }

  private static void within(String field, int value, int min, int max) {
    if (value < min || value > max) {
      throw new IllegalArgumentException(
          "%s is %d, must be from %d to %d".formatted(field, value, min, max));
    }
  }

  private static void within(String field, double value, double min, double max) {
    // Not "value < min || value > max": a NaN is not within anything.
    if (!(value >= min && value <= max)) {
      throw new IllegalArgumentException(
          "%s is %s, must be from %s to %s".formatted(field, value, min, max));
    }
  }

  /// The same, but shorter or longer.
  public FitRecipe withEpochs(int epochs) {
    return new FitRecipe(
        size, epochs, batch, rate, gateRate, firstVariance, lastVariance, stretch, shift);
  }

  /// The variance of an epoch, from 0 on: it widens by the same factor in each.
  double variance(int epoch) {
    double progress = Math.min(1, epoch / (VARIANCE_SETTLES * epochs));
    return firstVariance * StrictMath.pow(lastVariance / firstVariance, progress);
  }
}
