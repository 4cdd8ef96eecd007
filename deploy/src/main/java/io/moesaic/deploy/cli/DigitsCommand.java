package io.moesaic.deploy.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/// `moesaic digits`: an example that explains mixtures of experts.
@Command(
    name = "digits",
    description = {
      "Explains mixtures of experts by handwritten digits.",
      "They are read by the mixture of Jacobs, Jordan, Nowlan and Hinton (1991), whose experts",
      "compete, and so share the digits out."
    },
    subcommands = {DigitsFitCommand.class, DigitsShowCommand.class},
    synopsisSubcommandLabel = "COMMAND",
    footer = {
      "%nExamples:",
      "  A cluster on this machine that reads, with the model that comes with Moesaic:",
      "    moesaic digits show",
      "  One of your own:",
      "    moesaic digits fit --out my-digits --seed 7",
      "    moesaic digits show --model my-digits"
    })
@SuppressWarnings("NullAway.Init") // picocli sets the field
final class DigitsCommand implements Callable<Integer> {
  @Spec CommandSpec spec;

  @Override
  public Integer call() {
    spec.commandLine().usage(spec.commandLine().getErr());
    return ExitCode.USAGE;
  }
}
