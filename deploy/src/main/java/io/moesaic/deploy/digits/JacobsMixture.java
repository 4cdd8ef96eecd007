package io.moesaic.deploy.digits;

import static io.moesaic.deploy.digits.Digits.CLASSES;
import static io.moesaic.deploy.digits.Digits.PIXELS;

import java.util.Arrays;
import java.util.Random;
import java.util.function.Function;

/// A mixture of experts as it was first drawn, in 1991: every expert answers, and a gate that sees
/// the same input says how much each answer counts.
///
/// ```
///               +--> expert 0 --> o_0 [10] --+
///   x [64]  ----+--> expert 1 --> o_1 [10] --+--> y [10] = sum of p_e * o_e
///               +--> ...                     |
///               +--> gate ------> p [E] -----+
///
///   o_e = down_e * relu(up_e * x)      p = softmax(gate * x)      (each with a bias)
/// ```
/// The parameters are float32 numbers held as doubles once a model is fitted or read, and doubles
/// while it is fitted. Safe for concurrent use as long as nobody fits it.
public final class JacobsMixture {
  private final MixtureSize size;
  private final double[] parameters;

  /// @param parameters as [MixtureSize] lays them out; not copied, because a fit moves them
  JacobsMixture(MixtureSize size, double[] parameters) {
    if (parameters.length != size.parameters()) {
      throw new IllegalArgumentException(
          "%s has %d parameters, got %d".formatted(size, size.parameters(), parameters.length));
    }
    this.size = size;
    this.parameters = parameters;
  }

  /// Where a fit begins: a gate that prefers nobody, and experts that differ by chance.
  static JacobsMixture random(MixtureSize size, Random random) {
    var parameters = new double[size.parameters()];
    // A uniform bound of sqrt(6 / inputs) keeps the size of activations through a ReLU layer.
    fill(parameters, size.up(0), size.up(PIXELS), Math.sqrt(6.0 / PIXELS), random);
    for (int expert = 0; expert < size.experts(); expert++) {
      double bound = Math.sqrt(3.0 / size.hidden());
      fill(parameters, size.down(expert, 0), size.down(expert, size.hidden()), bound, random);
    }
    return new JacobsMixture(size, parameters);
  }

  private static void fill(double[] values, int from, int to, double bound, Random random) {
    for (int i = from; i < to; i++) {
      values[i] = bound * (2 * random.nextDouble() - 1);
    }
  }

  public MixtureSize size() {
    return size;
  }

  double[] parameters() {
    return parameters;
  }

  /// This mixture with parameters that a float32 checkpoint holds exactly.
  JacobsMixture roundedToFloat() {
    return new JacobsMixture(size, Arrays.stream(parameters).map(p -> (float) p).toArray());
  }

  /// The layer that a cluster serves: the scores of the digits in columns 0 to 9, zeros after them.
  ///
  /// @param rows `[rows][64]`
  /// @return `[rows][64]`
  public float[][] layer(float[][] rows) {
    return each(rows, pass -> floats(pass.answer, PIXELS));
  }

  /// How much each expert counts.
  ///
  /// @param rows `[rows][64]`
  /// @return `[rows][E]`, each row with the sum 1
  public float[][] shares(float[][] rows) {
    return each(rows, pass -> floats(pass.shares, size.experts()));
  }

  private float[][] each(float[][] rows, Function<Pass, float[]> result) {
    var pass = new Pass(size);
    var results = new float[rows.length][];
    for (int row = 0; row < rows.length; row++) {
      forward(rows[row], pass);
      results[row] = result.apply(pass);
    }
    return results;
  }

  private static float[] floats(double[] values, int length) {
    var floats = new float[length];
    for (int i = 0; i < values.length; i++) {
      floats[i] = (float) values[i];
    }
    return floats;
  }

  /// All that one image makes of the mixture, to be used again for the next one.
  static final class Pass {
    /// log p `[E]`
    final double[] logShares;

    /// p `[E]`
    final double[] shares;

    /// relu(up x) of all experts `[E * I]`
    final double[] hidden;

    /// o_e, what each expert says for itself `[E][10]`
    final double[][] opinions;

    /// y, what they say together `[10]`
    final double[] answer = new double[CLASSES];

    Pass(MixtureSize size) {
      logShares = new double[size.experts()];
      shares = new double[size.experts()];
      hidden = new double[size.units()];
      opinions = new double[size.experts()][CLASSES];
    }
  }

  /// @param pixels `[64]`
  void forward(float[] pixels, Pass pass) {
    int experts = size.experts();
    int units = size.units();
    System.arraycopy(parameters, size.gate(PIXELS), pass.logShares, 0, experts);
    System.arraycopy(parameters, size.up(PIXELS), pass.hidden, 0, units);
    for (int pixel = 0; pixel < PIXELS; pixel++) {
      if (pixels[pixel] != 0) {
        Rows.add(pixels[pixel], parameters, size.gate(pixel), pass.logShares, 0, experts);
        Rows.add(pixels[pixel], parameters, size.up(pixel), pass.hidden, 0, units);
      }
    }
    Softmax.of(pass.logShares, pass.shares);
    Arrays.fill(pass.answer, 0);
    for (int expert = 0; expert < experts; expert++) {
      var opinion = pass.opinions[expert];
      System.arraycopy(parameters, size.down(expert, size.hidden()), opinion, 0, CLASSES);
      for (int unit = 0; unit < size.hidden(); unit++) {
        int at = expert * size.hidden() + unit;
        pass.hidden[at] = Math.max(0, pass.hidden[at]);
        if (pass.hidden[at] != 0) {
          Rows.add(pass.hidden[at], parameters, size.down(expert, unit), opinion, 0, CLASSES);
        }
      }
      Rows.add(pass.shares[expert], opinion, 0, pass.answer, 0, CLASSES);
    }
  }
}
