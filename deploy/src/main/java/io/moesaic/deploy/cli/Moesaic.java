package io.moesaic.deploy.cli;

import java.io.FileDescriptor;
import java.io.FileOutputStream;
import java.io.OutputStreamWriter;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.ExitCode;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.Spec;
import picocli.CommandLine.UnmatchedArgumentException;

/// The `moesaic` command.
@Command(
    name = "moesaic",
    description = "Serves Mixture-of-Experts models on ordinary machines.",
    // One line for each command; they are listed in this order.
    subcommands = {
      DevCommand.class,
      GenerateCommand.class,
      VerifyCommand.class,
      InspectCommand.class,
      TuneCommand.class,
      CapacityCommand.class,
      DigitsCommand.class,
      RouterCommand.class,
      ExpertCommand.class,
    },
    versionProvider = Moesaic.Version.class,
    synopsisSubcommandLabel = "COMMAND",
    footer = {
      "%nExamples:",
      "  A cluster on this machine, with the model that comes with Moesaic:",
      "    moesaic dev",
      "  Text from it:",
      "    moesaic generate --url http://127.0.0.1:8080 --prompt \"Call me\"",
      "  Both in one go:",
      "    moesaic dev --http 0 -- moesaic generate --url '$MOESAIC_URL' --prompt \"Call me\"",
      "%nMOESAIC_DEBUG=1 adds stack traces to errors."
    })
@SuppressWarnings("NullAway.Init") // picocli sets the fields
public final class Moesaic implements Callable<Integer> {
  private static final Set<String> DAEMONS = Set.of("router", "expert");

  private static final int HELP_COLUMNS = 100;

  @Spec CommandSpec spec;

  @Option(
      names = {"-h", "--help"},
      usageHelp = true,
      scope = ScopeType.INHERIT,
      description = "Show this help.")
  boolean help;

  @Option(names = "--version", versionHelp = true, description = "Show the version.")
  boolean version;

  Moesaic() {}

  public static void main(String[] args) {
    // The locale of a service or a container is often not UTF-8; what we print is.
    var out = utf8(FileDescriptor.out);
    var err = utf8(FileDescriptor.err);
    int status = run(args, System.getenv(), out, err);
    out.flush();
    err.flush();
    System.exit(status);
  }

  private static PrintWriter utf8(FileDescriptor descriptor) {
    return new PrintWriter(
        new OutputStreamWriter(new FileOutputStream(descriptor), StandardCharsets.UTF_8), true);
  }

  /// Runs a command, and returns its exit status.
  static int run(String[] args, Map<String, String> environment, PrintWriter out, PrintWriter err) {
    var complaint = new Complaint(err, environment);
    var moesaic =
        new CommandLine(new Moesaic())
            .setOut(out)
            .setErr(err)
            .setParameterExceptionHandler((wrong, _) -> refuse(wrong, err))
            .setExecutionExceptionHandler(
                (failure, _, _) -> {
                  complaint.about(failure);
                  return ExitCode.SOFTWARE;
                });
    Converters.register(moesaic);
    layOutHelp(moesaic);
    try {
      configure(moesaic, args, environment, err);
    } catch (CommandFailure failure) {
      complaint.about(failure);
      return ExitCode.USAGE;
    }
    return moesaic.execute(args);
  }

  @Override
  public Integer call() {
    spec.commandLine().usage(spec.commandLine().getErr());
    return ExitCode.USAGE;
  }

  private static void layOutHelp(CommandLine command) {
    var exitCodes = new LinkedHashMap<String, String>();
    exitCodes.put(" 0", "done");
    exitCodes.put(" 1", "failed");
    exitCodes.put(" 2", "used in a wrong way");
    command
        .getCommandSpec()
        .usageMessage()
        .width(HELP_COLUMNS)
        .descriptionHeading("%n")
        .optionListHeading("%nOptions:%n")
        .commandListHeading("%nCommands:%n")
        .exitCodeListHeading("%nExit status:%n")
        .exitCodeList(exitCodes);
    command.getSubcommands().values().forEach(Moesaic::layOutHelp);
  }

  /// Gives a daemon the settings that are not on its command line.
  private static void configure(
      CommandLine moesaic, String[] args, Map<String, String> environment, PrintWriter err) {
    var daemons = new HashMap<>(moesaic.getSubcommands());
    daemons.keySet().retainAll(DAEMONS);
    var daemon = args.length == 0 ? null : daemons.get(args[0]);
    if (daemon != null) {
      Configuration.unknownVariables(environment, daemons.values())
          .forEach(warning -> err.println("moesaic: " + warning));
      daemon.setDefaultValueProvider(Configuration.of(daemon, args, environment));
    }
  }

  /// Says what is wrong with a command line, and where to read what is right.
  private static int refuse(ParameterException refusal, PrintWriter err) {
    var command = refusal.getCommandLine();
    // An option that is misspelt is the likelier reason why another is missing.
    var unknown = command.getUnmatchedArguments();
    var wrong = unknown.isEmpty() ? refusal : new UnmatchedArgumentException(command, unknown);
    err.println("moesaic: " + wrong.getMessage() + origin(wrong));
    UnmatchedArgumentException.printSuggestions(wrong, err);
    err.println("See " + command.getCommandSpec().qualifiedName() + " --help");
    err.flush();
    return ExitCode.USAGE;
  }

  /// A wrong value may come from elsewhere than the command line.
  private static String origin(ParameterException wrong) {
    if (wrong.getArgSpec() instanceof OptionSpec option
        && wrong.getCommandLine().getDefaultValueProvider()
            instanceof Configuration configuration) {
      return configuration.origin(option).map(from -> " (" + from + ")").orElse("");
    }
    return "";
  }

  /// The version that the build wrote into the jar.
  static final class Version implements IVersionProvider {
    @Override
    public String[] getVersion() {
      var version = Moesaic.class.getPackage().getImplementationVersion();
      return new String[] {
        "moesaic %s (Java %s)"
            .formatted(Objects.requireNonNullElse(version, "development build"), Runtime.version())
      };
    }
  }
}
