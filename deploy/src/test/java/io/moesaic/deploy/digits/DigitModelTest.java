package io.moesaic.deploy.digits;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moesaic.tensor.Shape;
import io.moesaic.tensor.checkpoint.Checkpoint;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Random;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DigitModelTest {
  private static final int EXPERTS = FitRecipe.BUNDLED.size().experts();

  @TempDir private Path directory = Path.of(".");

  /// The promise of the bundled model: anybody who fits it gets this file.
  @Test
  void fittingAgainGivesTheBytesOfTheBundledModel() throws IOException {
    var digits = Bundled.digits();
    var mixture =
        new CompetitiveFit(FitRecipe.BUNDLED, CompetitiveFit.BUNDLED_SEED)
            .fit(digits.fitted(), FitProgress.SILENT);
    DigitModel.write(mixture, directory);
    for (var file : new String[] {"config.json", "model.safetensors"}) {
      assertArrayEquals(
          Files.readAllBytes(Bundled.model().resolve(file)),
          Files.readAllBytes(directory.resolve(file)),
          file);
    }
  }

  @Test
  void theBundledModelTellsAtLeast95PercentOfUnseenDigits() throws IOException {
    var mixture = DigitModel.read(Bundled.model());
    double accuracy = Bundled.digits().heldOut().accuracy(mixture::layer);
    assertTrue(accuracy >= 0.95, "accuracy " + accuracy);
  }

  @Test
  void itsExpertsSpecialise() throws IOException {
    var digits = Bundled.digits().heldOut();
    var shares = DigitModel.read(Bundled.model()).shares(digits.pixels());
    var table = Specialisation.of(digits, shares);
    var text = String.join("\n", table.lines());
    var deciding = IntStream.range(0, 10).map(table::decides).distinct().count();
    assertEquals(EXPERTS, deciding, "every expert decides a digit\n" + text);
    double sure =
        IntStream.range(0, digits.size())
            .mapToDouble(
                row -> IntStream.range(0, EXPERTS).mapToDouble(e -> shares[row][e]).max().orElse(0))
            .average()
            .orElse(0);
    assertTrue(sure > 0.75, "the gate is " + sure + " sure\n" + text);
  }

  @Test
  void aModelIsReadBackAsItWasWritten() {
    var mixture = JacobsMixture.random(new MixtureSize(5, 7), new Random(3)).roundedToFloat();
    DigitModel.write(mixture, directory);
    var read = DigitModel.read(directory);
    assertEquals(mixture.size(), read.size());
    assertArrayEquals(mixture.parameters(), read.parameters());
  }

  /// The layer as whoever serves the checkpoint computes it, from nothing but its tensors.
  @Test
  void theTensorsComputeWhatTheMixtureDoes() throws IOException {
    var rows = Bundled.digits().heldOut().pixels();
    var expected = DigitModel.read(Bundled.model()).layer(rows);
    try (var checkpoint = Checkpoint.open(Bundled.model());
        var arena = Arena.ofConfined()) {
      for (int row = 0; row < rows.length; row++) {
        var shares = linear(checkpoint, arena, "gate", EXPERTS, rows[row]);
        double sum = Arrays.stream(shares).map(Math::exp).sum();
        var output = new double[64];
        for (int e = 0; e < EXPERTS; e++) {
          var name = "experts." + e;
          int width = FitRecipe.BUNDLED.size().hidden();
          var hidden = linear(checkpoint, arena, name + ".up_proj", width, rows[row]);
          var positive = new float[width];
          for (int i = 0; i < width; i++) {
            positive[i] = (float) Math.max(0, hidden[i]);
          }
          var opinion = linear(checkpoint, arena, name + ".down_proj", 64, positive);
          for (int i = 0; i < 64; i++) {
            output[i] += Math.exp(shares[e]) / sum * opinion[i];
          }
        }
        for (int i = 0; i < 64; i++) {
          assertEquals(expected[row][i], output[i], i < 10 ? 1e-5 : 0, row + ", column " + i);
        }
      }
    }
  }

  private static double[] linear(
      Checkpoint checkpoint, Arena arena, String name, int outputs, float[] input) {
    var weight =
        checkpoint.map("layers.0." + name + ".weight", Shape.of(outputs, input.length), arena);
    var bias = checkpoint.map("layers.0." + name + ".bias", Shape.of(outputs), arena);
    var result = new double[outputs];
    for (int output = 0; output < outputs; output++) {
      result[output] = bias.getFloat(output);
      for (int i = 0; i < input.length; i++) {
        result[output] += (double) weight.getFloat((long) output * input.length + i) * input[i];
      }
    }
    return result;
  }
}
