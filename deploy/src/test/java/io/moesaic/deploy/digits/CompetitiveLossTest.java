package io.moesaic.deploy.digits;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;

class CompetitiveLossTest {
  private static final MixtureSize SIZE = new MixtureSize(3, 5);

  private final Random random = new Random(42);

  private JacobsMixture mixture() {
    var parameters = new double[SIZE.parameters()];
    Arrays.setAll(parameters, _ -> 0.3 * random.nextGaussian());
    return new JacobsMixture(SIZE, parameters);
  }

  /// Half of it paper, as digits are: zeros take a way of their own.
  private float[] image() {
    var image = new float[Digits.PIXELS];
    for (int i = 0; i < image.length; i += 2) {
      image[i] = random.nextFloat();
    }
    return image;
  }

  @Test
  void gradientIsTheSlopeOfTheLossInEveryParameter() {
    for (double variance : new double[] {0.1, 1}) {
      var mixture = mixture();
      var loss = new CompetitiveLoss(mixture);
      var image = image();
      var gradient = new double[SIZE.parameters()];
      loss.addGradient(image, 7, variance, gradient);
      int moving = 0;
      for (int i = 0; i < gradient.length; i++) {
        double slope = slope(mixture, loss, image, variance, i);
        assertEquals(slope, gradient[i], 1e-6 * Math.max(1, Math.abs(slope)), "parameter " + i);
        moving += Math.abs(slope) > 1e-6 ? 1 : 0;
      }
      assertTrue(moving > gradient.length / 8, moving + " of " + gradient.length + " matter");
    }
  }

  private static double slope(
      JacobsMixture mixture, CompetitiveLoss loss, float[] image, double variance, int parameter) {
    double step = 1e-5;
    var parameters = mixture.parameters();
    double there = parameters[parameter];
    parameters[parameter] = there + step;
    double above = loss.of(image, 7, variance);
    parameters[parameter] = there - step;
    double below = loss.of(image, 7, variance);
    parameters[parameter] = there;
    return (above - below) / (2 * step);
  }

  @Test
  void gradientsOfSeveralImagesAreAdded() {
    var loss = new CompetitiveLoss(mixture());
    var image = image();
    var once = new double[SIZE.parameters()];
    var twice = new double[SIZE.parameters()];
    loss.addGradient(image, 1, 1, once);
    loss.addGradient(image, 1, 1, twice);
    loss.addGradient(image, 1, 1, twice);
    for (int i = 0; i < once.length; i++) {
      assertEquals(2 * once[i], twice[i], "parameter " + i);
    }
  }

  /// The formula as the paper has it, term by term.
  @Test
  void lossIsMinusTheLogarithmOfAMixtureOfGaussians() {
    var mixture = mixture();
    var image = image();
    var pass = new JacobsMixture.Pass(SIZE);
    mixture.forward(image, pass);
    double likelihood = 0;
    for (int expert = 0; expert < SIZE.experts(); expert++) {
      double distance = 0;
      for (int k = 0; k < 10; k++) {
        distance += Math.pow((k == 4 ? 1 : 0) - pass.opinions[expert][k], 2);
      }
      likelihood += pass.shares[expert] * Math.exp(-0.5 * distance);
    }
    assertEquals(-Math.log(likelihood), new CompetitiveLoss(mixture).of(image, 4, 1), 1e-12);
  }

  @Test
  void whoIsNearestToTheAnswerIsResponsibleAndLearnsMost() {
    // Nothing but biases: expert 1 says 4 already, the others say nothing.
    var parameters = new double[SIZE.parameters()];
    parameters[SIZE.down(1, SIZE.hidden()) + 4] = 0.9;
    var loss = new CompetitiveLoss(new JacobsMixture(SIZE, parameters));
    var gradient = new double[SIZE.parameters()];
    loss.addGradient(image(), 4, 0.05, gradient);
    assertTrue(loss.responsibilities()[1] > 0.99, Arrays.toString(loss.responsibilities()));
    assertEquals(1, Arrays.stream(loss.responsibilities()).sum(), 1e-12);
    // The gate's bias of expert 1 goes up, those of the others down.
    int bias = SIZE.gate(Digits.PIXELS);
    assertTrue(gradient[bias + 1] < 0 && gradient[bias] > 0 && gradient[bias + 2] > 0);
  }

  @Test
  void stayFiniteWhenEveryExpertIsFarFromTheAnswer() {
    var parameters = new double[SIZE.parameters()];
    for (int expert = 0; expert < SIZE.experts(); expert++) {
      parameters[SIZE.down(expert, SIZE.hidden())] = 1000 + expert;
    }
    var loss = new CompetitiveLoss(new JacobsMixture(SIZE, parameters));
    assertTrue(Double.isFinite(loss.of(image(), 4, 1e-3)));
    assertEquals(1, loss.responsibilities()[0]);
  }
}
