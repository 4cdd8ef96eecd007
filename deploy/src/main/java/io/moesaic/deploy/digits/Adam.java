package io.moesaic.deploy.digits;

/// Gradient descent with a step of its own for each parameter (Kingma and Ba, 2014). Not safe for
/// concurrent use.
final class Adam {
  private static final double MEAN_DECAY = 0.9;
  private static final double SQUARE_DECAY = 0.999;
  private static final double TINY = 1e-8;

  private final double[] means;
  private final double[] squares;
  private double meanWeight = 1;
  private double squareWeight = 1;

  Adam(int parameters) {
    means = new double[parameters];
    squares = new double[parameters];
  }

  /// Takes a gradient into the running means; [#move] then uses them.
  void observe(double[] gradient) {
    meanWeight *= MEAN_DECAY;
    squareWeight *= SQUARE_DECAY;
    for (int i = 0; i < gradient.length; i++) {
      means[i] = MEAN_DECAY * means[i] + (1 - MEAN_DECAY) * gradient[i];
      squares[i] = SQUARE_DECAY * squares[i] + (1 - SQUARE_DECAY) * gradient[i] * gradient[i];
    }
  }

  /// Moves the parameters `from` to `to` (exclusive) downhill, each by about `rate`.
  void move(double[] parameters, int from, int to, double rate) {
    // The means began at zero: what is missing from their weights is divided out.
    double step = rate / (1 - meanWeight);
    double scale = 1 / Math.sqrt(1 - squareWeight);
    for (int i = from; i < to; i++) {
      parameters[i] -= step * means[i] / (Math.sqrt(squares[i]) * scale + TINY);
    }
  }
}
