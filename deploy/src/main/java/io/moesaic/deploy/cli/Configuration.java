package io.moesaic.deploy.cli;

import io.moesaic.deploy.spelling.NearestName;
import java.nio.file.Path;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine;
import picocli.CommandLine.IDefaultValueProvider;
import picocli.CommandLine.Model.ArgSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;

/// Where a daemon's settings come from when the command line does not say: the environment, then
/// the file, then the option's default.
final class Configuration implements IDefaultValueProvider {
  /// Variables that are no settings of a daemon, whatever its options are called.
  private static final List<String> OTHER_VARIABLES =
      List.of(
          "MOESAIC_URL",
          "MOESAIC_FLIGHT",
          "MOESAIC_EXPERT_FLIGHT",
          "MOESAIC_DEBUG",
          "MOESAIC_CONFIG");

  private final Set<String> keys;
  private final Map<String, String> environment;
  private final @Nullable ConfigFile file;

  private Configuration(
      Set<String> keys, Map<String, String> environment, @Nullable ConfigFile file) {
    this.keys = keys;
    this.environment = environment;
    this.file = file;
  }

  /// Reads the file that the arguments or MOESAIC_CONFIG name, if any.
  ///
  /// @throws CommandFailure when it cannot be read, or has a key that is no setting of the daemon
  static Configuration of(CommandLine daemon, String[] arguments, Map<String, String> environment) {
    var keys = Settings.of(daemon.getCommandSpec()).keySet();
    var file = path(arguments, environment).map(path -> ConfigFile.read(path, keys)).orElse(null);
    return new Configuration(keys, environment, file);
  }

  /// A first pass over the arguments, because the file must be read before they are parsed.
  private static final class ConfigOption {
    @Option(names = "--config")
    @Nullable Path path;
  }

  private static Optional<Path> path(String[] arguments, Map<String, String> environment) {
    var option = new ConfigOption();
    try {
      new CommandLine(option).setUnmatchedArgumentsAllowed(true).parseArgs(arguments);
    } catch (ParameterException _) {
      // The pass that follows says what is wrong.
      return Optional.empty();
    }
    var variable = Optional.ofNullable(environment.get("MOESAIC_CONFIG")).map(Path::of);
    return Optional.ofNullable(option.path).or(() -> variable);
  }

  @Override
  public @Nullable String defaultValue(ArgSpec argument) {
    if (!(argument instanceof OptionSpec option)) {
      return null;
    }
    var key = Settings.key(option);
    if (!keys.contains(key)) {
      return null;
    }
    var variable = Settings.variable(key);
    if (isSet(variable)) {
      return environment.get(variable);
    }
    return file == null ? null : file.values().get(key);
  }

  private boolean isSet(String variable) {
    return environment.containsKey(variable) && !OTHER_VARIABLES.contains(variable);
  }

  /// Where the value of an option came from that is not on the command line, for messages.
  Optional<String> origin(OptionSpec option) {
    var key = Settings.key(option);
    var variable = Settings.variable(key);
    if (isSet(variable)) {
      return Optional.of("environment variable " + variable);
    }
    return Optional.ofNullable(file)
        .filter(f -> f.values().containsKey(key))
        .map(f -> "\"" + key + "\" in " + f.path());
  }

  /// A sentence for each environment variable that looks like a setting and is none of any daemon.
  static List<String> unknownVariables(
      Map<String, String> environment, Collection<CommandLine> daemons) {
    Set<String> known = new TreeSet<>(OTHER_VARIABLES);
    daemons.stream()
        .flatMap(daemon -> Settings.of(daemon.getCommandSpec()).keySet().stream())
        .map(Settings::variable)
        .forEach(known::add);
    return environment.keySet().stream()
        .filter(name -> name.startsWith(Settings.VARIABLE_PREFIX) && !known.contains(name))
        .sorted()
        .map(
            name ->
                "environment variable %s is unknown%s and has no effect"
                    .formatted(name, NearestName.hint(name, known)))
        .toList();
  }
}
