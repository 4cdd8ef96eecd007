package io.moesaic.deploy.digits;

import static io.moesaic.deploy.digits.Digits.CLASSES;
import static io.moesaic.deploy.digits.Digits.PIXELS;

import java.util.Arrays;

/// The loss that makes experts compete, and its gradient. With `d` the right answer (1 for the
/// digit, 0 for the others), `o_e` what expert e says, and `p_e` its share:
///
/// ```
///   loss = -log sum_e p_e * exp(-|d - o_e|^2 / (2 * variance))
///
///   q_e  =  p_e * exp(-|d - o_e|^2 / (2 * variance)) / sum of the same
///
///   d loss / d o_e        = q_e * (o_e - d) / variance
///   d loss / d gate score = p_e - q_e
/// ```
/// It reads like a story: each image was made by one of the experts, and `q_e`, the responsibility,
/// is how likely it was e, now that the answer is known. Who was nearer to it than the others
/// learns it, the others are left alone; and the gate learns to tell beforehand whom to ask. The
/// squared error of the joint answer, `|d - sum_e p_e * o_e|^2`, would make experts mend each
/// other's mistakes instead, and nobody specialise. The paper's variance is 1.
///
/// Not safe for concurrent use.
final class CompetitiveLoss {
  private final JacobsMixture mixture;
  private final MixtureSize size;
  private final JacobsMixture.Pass pass;
  private final double[] responsibilities;
  private final double[] scores;
  private final double[] hiddenGradient;
  private final double[] opinionGradient = new double[CLASSES];

  CompetitiveLoss(JacobsMixture mixture) {
    this.mixture = mixture;
    size = mixture.size();
    pass = new JacobsMixture.Pass(size);
    responsibilities = new double[size.experts()];
    scores = new double[size.experts()];
    hiddenGradient = new double[size.units()];
  }

  /// Adds the gradient of one image's loss.
  ///
  /// @param gradient laid out as the parameters
  /// @return the loss
  double addGradient(float[] pixels, int digit, double variance, double[] gradient) {
    double loss = of(pixels, digit, variance);
    for (int expert = 0; expert < size.experts(); expert++) {
      throughExpert(expert, digit, variance, gradient);
      scores[expert] = pass.shares[expert] - responsibilities[expert];
    }
    for (int pixel = 0; pixel <= PIXELS; pixel++) {
      double value = pixel == PIXELS ? 1 : pixels[pixel];
      if (value != 0) {
        Rows.add(value, scores, 0, gradient, size.gate(pixel), size.experts());
        Rows.add(value, hiddenGradient, 0, gradient, size.up(pixel), size.units());
      }
    }
    return loss;
  }

  /// The loss of one image.
  double of(float[] pixels, int digit, double variance) {
    mixture.forward(pixels, pass);
    for (int expert = 0; expert < size.experts(); expert++) {
      double distance = 0;
      for (int k = 0; k < CLASSES; k++) {
        double error = error(expert, k, digit);
        distance += error * error;
      }
      scores[expert] = pass.logShares[expert] - distance / (2 * variance);
    }
    return -Softmax.of(scores, responsibilities);
  }

  private double error(int expert, int k, int digit) {
    return pass.opinions[expert][k] - (k == digit ? 1 : 0);
  }

  private void throughExpert(int expert, int digit, double variance, double[] gradient) {
    double weight = responsibilities[expert] / variance;
    for (int k = 0; k < CLASSES; k++) {
      opinionGradient[k] = weight * error(expert, k, digit);
    }
    Rows.add(1, opinionGradient, 0, gradient, size.down(expert, size.hidden()), CLASSES);
    int first = expert * size.hidden();
    Arrays.fill(hiddenGradient, first, first + size.hidden(), 0);
    for (int unit = 0; unit < size.hidden(); unit++) {
      double hidden = pass.hidden[first + unit];
      if (hidden > 0) {
        int row = size.down(expert, unit);
        Rows.add(hidden, opinionGradient, 0, gradient, row, CLASSES);
        for (int k = 0; k < CLASSES; k++) {
          hiddenGradient[first + unit] += opinionGradient[k] * mixture.parameters()[row + k];
        }
      }
    }
  }

  /// How likely each expert made the image of the last call, `[E]`.
  double[] responsibilities() {
    return responsibilities;
  }

  /// Whether the mixture told the image of the last call right.
  boolean toldRight(int digit) {
    for (int k = 0; k < CLASSES; k++) {
      if (k != digit && pass.answer[k] >= pass.answer[digit]) {
        return false;
      }
    }
    return true;
  }
}
