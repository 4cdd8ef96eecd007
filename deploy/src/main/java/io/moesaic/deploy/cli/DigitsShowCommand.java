package io.moesaic.deploy.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.moesaic.deploy.client.ClientException;
import io.moesaic.deploy.dev.ClusterSpec;
import io.moesaic.deploy.digits.ClusterReading;
import io.moesaic.deploy.digits.Digits;
import io.moesaic.deploy.digits.ReadingText;
import java.io.IOException;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `moesaic digits show`: a cluster that reads digits, and what its experts do.
@Command(
    name = "show",
    description = {
      "Has a cluster on this machine read the digits that no fit has seen.",
      "Shows how many were right, which expert is asked for which digit, and some of the images.",
      "Fails if fewer than 95 %% were right, or if a score differs from that of one process."
    },
    footer = {
      "%nExamples:",
      "  The model that comes with Moesaic, on three expert nodes:",
      "    moesaic digits show",
      "  One of your own, each of its four experts on a node of its own:",
      "    moesaic digits show --model my-digits --experts 4"
    })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
final class DigitsShowCommand implements Callable<Integer> {
  private static final int FAILED = 1;

  @Spec CommandSpec spec;

  @Option(
      names = "--model",
      paramLabel = "DIR",
      description = "Directory that digits fit wrote; default: the model that comes with Moesaic.")
  @Nullable Path model;

  @Option(
      names = "--experts",
      paramLabel = "N",
      defaultValue = "3",
      description = "Expert nodes, at most as many as experts; default: ${DEFAULT-VALUE}.")
  int experts;

  @Mixin DigitsData data;

  @Option(names = "--json", description = "Print one JSON object.")
  boolean json;

  @Override
  public Integer call() throws ClientException, IOException, InterruptedException {
    var digits = data.read();
    if (digits.size() <= Digits.FITTED_ROWS) {
      throw new CommandFailure(
          "%s: has %d images, must have more than %d, as the first %d are not held out"
              .formatted(data.file(), digits.size(), Digits.FITTED_ROWS, Digits.FITTED_ROWS));
    }
    var local =
        ClusterSpec.of(model == null ? DigitsData.bundledModel() : model).withExperts(experts);
    var report = ClusterReading.run(local, digits, DevProgress.on(spec.commandLine().getErr()));
    var out = spec.commandLine().getOut();
    if (json) {
      out.println(new ObjectMapper().writeValueAsString(ReadingText.json(report)));
    } else {
      ReadingText.lines(report).forEach(out::println);
    }
    out.flush();
    return report.passed() ? 0 : FAILED;
  }
}
