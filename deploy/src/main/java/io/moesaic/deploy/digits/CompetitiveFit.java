package io.moesaic.deploy.digits;

import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;

/// Fits a [JacobsMixture] to digits with the [CompetitiveLoss]: batches in random order, each image
/// warped anew, steps by [Adam]. The same digits, recipe and seed give the same bits.
///
/// Runs on the thread that calls it. Safe for concurrent use.
public final class CompetitiveFit {
  /// Of the bundled model.
  public static final long BUNDLED_SEED = 1991;

  private final FitRecipe recipe;
  private final long seed;

  public CompetitiveFit(FitRecipe recipe, long seed) {
    this.recipe = recipe;
    this.seed = seed;
  }

  /// @return a mixture that a float32 checkpoint holds exactly
  public JacobsMixture fit(Digits digits, FitProgress progress) {
    return new Run(digits).fit(progress).roundedToFloat();
  }

  private final class Run {
    private final Digits digits;
    private final Random random = new Random(seed);
    private final JacobsMixture mixture = JacobsMixture.random(recipe.size(), random);
    private final CompetitiveLoss loss = new CompetitiveLoss(mixture);
    private final Adam adam = new Adam(recipe.size().parameters());
    private final Warp warp = new Warp(recipe.stretch(), recipe.shift());
    private final double[] gradient = new double[recipe.size().parameters()];
    private final int[] order;
    private final int steps;
    private int step;
    private double lossSum;
    private int right;

    private Run(Digits digits) {
      this.digits = digits;
      order = IntStream.range(0, digits.size()).toArray();
      steps = recipe.epochs() * Math.ceilDiv(order.length, recipe.batch());
    }

    private JacobsMixture fit(FitProgress progress) {
      for (int epoch = 0; epoch < recipe.epochs(); epoch++) {
        lossSum = 0;
        right = 0;
        shuffle();
        for (int from = 0; from < order.length; from += recipe.batch()) {
          step(from, Math.min(from + recipe.batch(), order.length), recipe.variance(epoch));
        }
        progress.epochEnded(epoch + 1, lossSum / order.length, (double) right / order.length);
      }
      return mixture;
    }

    private void shuffle() {
      for (int last = order.length - 1; last > 0; last--) {
        int other = random.nextInt(last + 1);
        int moved = order[last];
        order[last] = order[other];
        order[other] = moved;
      }
    }

    private void step(int from, int to, double variance) {
      Arrays.fill(gradient, 0);
      for (int i = from; i < to; i++) {
        int digit = digits.label(order[i]);
        var image = warp.apply(digits.pixels(order[i]), random);
        lossSum += loss.addGradient(image, digit, variance, gradient);
        right += loss.toldRight(digit) ? 1 : 0;
      }
      for (int i = 0; i < gradient.length; i++) {
        gradient[i] /= to - from;
      }
      double remaining = 1 - (double) step++ / steps;
      int gate = recipe.size().gateParameters();
      adam.observe(gradient);
      adam.move(mixture.parameters(), 0, gate, recipe.gateRate() * remaining);
      adam.move(mixture.parameters(), gate, gradient.length, recipe.rate() * remaining);
    }
  }
}
