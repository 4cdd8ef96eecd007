package io.moesaic.deploy.cli;

import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;

/// The catalogue of a daemon's settings: its options. From an option's name follow the other two
/// ways to set it:
///
/// ```
///   --dispatch-timeout 5s        MOESAIC_DISPATCH_TIMEOUT=5s        dispatch-timeout: 5s
/// ```
final class Settings {
  static final String VARIABLE_PREFIX = "MOESAIC_";

  /// Options that only make sense on a command line.
  private static final Set<String> FLAGS_ONLY = Set.of("help", "config", "announce");

  private Settings() {}

  /// The options that are settings, by their keys.
  static Map<String, OptionSpec> of(CommandSpec daemon) {
    Map<String, OptionSpec> settings = new LinkedHashMap<>();
    for (var option : daemon.options()) {
      var key = key(option);
      if (!FLAGS_ONLY.contains(key)) {
        settings.put(key, option);
      }
    }
    return settings;
  }

  /// The key in a file: `dispatch-timeout`.
  static String key(OptionSpec option) {
    return option.longestName().substring("--".length());
  }

  /// The environment variable: `MOESAIC_DISPATCH_TIMEOUT`.
  static String variable(String key) {
    return VARIABLE_PREFIX + key.replace('-', '_').toUpperCase(Locale.ROOT);
  }
}
