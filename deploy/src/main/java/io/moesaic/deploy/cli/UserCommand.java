package io.moesaic.deploy.cli;

import io.moesaic.deploy.dev.LocalCluster;
import java.io.IOException;
import java.util.List;
import java.util.Map;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A command that the user wants to run against a cluster.
///
/// @param words the program and its arguments; `$NAME` and `${NAME}` stand for the variables
/// @param variables added to its environment
record UserCommand(List<String> words, Map<String, String> variables) {
  private static final Pattern REFERENCE = Pattern.compile("\\$(?:\\{(\\w+)}|(\\w+))");

  UserCommand {
    words = List.copyOf(words);
    variables = Map.copyOf(variables);
  }

  static UserCommand of(List<String> words, LocalCluster cluster) {
    return new UserCommand(
        words,
        Map.of(
            "MOESAIC_URL", cluster.url().toString(),
            "MOESAIC_FLIGHT", cluster.flightUrl().toString(),
            "MOESAIC_EXPERT_FLIGHT", cluster.expertFlightUrl().toString()));
  }

  /// The words to run. No shell sees them, so the variables are expanded here; all others stay.
  List<String> expanded() {
    return words.stream()
        .map(
            word ->
                REFERENCE
                    .matcher(word)
                    .replaceAll(found -> Matcher.quoteReplacement(valueOf(found))))
        .toList();
  }

  private String valueOf(MatchResult reference) {
    var name = reference.group(1) != null ? reference.group(1) : reference.group(2);
    return variables.getOrDefault(name, reference.group());
  }

  /// Runs it with the standard streams of this process, and returns its exit status.
  ///
  /// @throws CommandFailure when it cannot be started
  int run() throws InterruptedException {
    var builder = new ProcessBuilder(expanded()).inheritIO();
    builder.environment().putAll(variables);
    Process process;
    try {
      process = builder.start();
    } catch (IOException e) {
      throw new CommandFailure("cannot run " + words.getFirst() + ": " + e.getMessage(), e);
    }
    // When this process is told to end, so is the command.
    var end = new Thread(process::destroy, "end-command");
    Runtime.getRuntime().addShutdownHook(end);
    int status = process.waitFor();
    try {
      Runtime.getRuntime().removeShutdownHook(end);
    } catch (IllegalStateException _) {
      // This process is ending already.
    }
    return status;
  }
}
