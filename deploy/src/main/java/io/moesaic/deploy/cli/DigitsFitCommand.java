package io.moesaic.deploy.cli;

import io.moesaic.deploy.digits.CompetitiveFit;
import io.moesaic.deploy.digits.DigitModel;
import io.moesaic.deploy.digits.Digits;
import io.moesaic.deploy.digits.FitRecipe;
import io.moesaic.deploy.digits.JacobsMixture;
import io.moesaic.deploy.digits.Specialisation;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `moesaic digits fit`: a mixture of experts from nothing but images.
@Command(
    name = "fit",
    description = {
      "Fits a gate and four experts to images of digits, and writes the model.",
      "The same images, seed and epochs give the same bytes."
    },
    footer = {
      "%nExamples:",
      "  The model that comes with Moesaic, once more:",
      "    moesaic digits fit --out my-digits",
      "  Another chance, at half the time:",
      "    moesaic digits fit --out my-digits --seed 7 --epochs 100"
    })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class DigitsFitCommand implements Callable<Integer> {
  @Spec CommandSpec spec;

  @Option(
      names = "--out",
      required = true,
      paramLabel = "DIR",
      description = "Directory for the model; it must be new or empty.")
  Path out;

  @Option(
      names = "--seed",
      paramLabel = "N",
      defaultValue = "" + CompetitiveFit.BUNDLED_SEED,
      description = "Of all that is left to chance; default: ${DEFAULT-VALUE}.")
  long seed;

  @Mixin DigitsData data;

  @Option(
      names = "--epochs",
      paramLabel = "N",
      defaultValue = "200",
      description = "Times that each image is seen; default: ${DEFAULT-VALUE}.")
  int epochs;

  @Override
  public Integer call() throws IOException {
    var recipe = FitRecipe.BUNDLED.withEpochs(epochs);
    var digits = data.read();
    requireEmpty(out);
    var commandLine = spec.commandLine();
    var bar =
        new CountBar(commandLine.getErr(), DevProgress.onTerminal(), System::nanoTime, "epochs");
    long startNanos = System.nanoTime();
    var mixture =
        new CompetitiveFit(recipe, seed)
            .fit(digits.fitted(), (epoch, _, _) -> bar.advanced(epoch, epochs));
    var took = Duration.ofNanos(System.nanoTime() - startNanos);
    DigitModel.write(mixture, out);
    print(mixture, digits, took, commandLine.getOut());
    return 0;
  }

  /// Whoever names a directory of another model by mistake keeps that model.
  private static void requireEmpty(Path directory) throws IOException {
    if (Files.isDirectory(directory)) {
      try (var files = Files.list(directory)) {
        if (files.findAny().isPresent()) {
          throw new CommandFailure(
              "out is %s, which has files in it: give a directory that is new or empty"
                  .formatted(directory));
        }
      }
    } else if (Files.exists(directory)) {
      throw new CommandFailure(
          "out is %s, which is a file: give a directory that is new or empty".formatted(directory));
    }
  }

  private void print(JacobsMixture mixture, Digits digits, Duration took, PrintWriter to) {
    to.printf(
        "%d experts of %d hidden units, fitted in %.1f s: %d epochs, seed %d%n%n",
        mixture.size().experts(), mixture.size().hidden(), took.toMillis() / 1e3, epochs, seed);
    printAccuracy("fitted", 0, digits.fitted(), mixture, to);
    if (digits.size() > Digits.FITTED_ROWS) {
      var heldOut = digits.heldOut();
      printAccuracy("held out", Digits.FITTED_ROWS, heldOut, mixture, to);
      to.printf("%nWho is asked for which digit of those held out:%n%n");
      Specialisation.of(heldOut, mixture.shares(heldOut.pixels())).lines().forEach(to::println);
    } else {
      to.printf("held out  none: that takes more than %d rows%n", Digits.FITTED_ROWS);
    }
    to.printf(
        "%nIt is in %s. Let a cluster read with it: moesaic digits show --model %s%n", out, out);
    to.flush();
  }

  private static void printAccuracy(
      String kind, int firstRow, Digits digits, JacobsMixture mixture, PrintWriter to) {
    double accuracy = digits.accuracy(mixture::layer);
    to.printf(
        "%-8s  %.1f %% right, %d of %d, rows %d to %d%n",
        kind,
        100 * accuracy,
        Math.round(accuracy * digits.size()),
        digits.size(),
        firstRow,
        firstRow + digits.size() - 1);
  }
}
