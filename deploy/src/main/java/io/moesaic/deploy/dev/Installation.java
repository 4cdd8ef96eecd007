package io.moesaic.deploy.dev;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Where Moesaic lies on this machine, and how to start another JVM of it: with the same java, the
/// same class path and the options that every Moesaic JVM runs with.
///
/// @param root the directory that has `deploy` in it
record Installation(Path root) {
  private static final String ROOT_PROPERTY = "moesaic.root";

  /// The installation that this JVM was started from, by the launcher or by a test.
  static Installation current() {
    var root = System.getProperty(ROOT_PROPERTY);
    if (root == null) {
      throw new ClusterException(
          "where Moesaic lies is not known: start it with deploy/moesaic, or add -D"
              + ROOT_PROPERTY
              + "=DIRECTORY");
    }
    return new Installation(Path.of(root));
  }

  /// The model to use when none is asked for.
  Path bundledModel() {
    return root.resolve("deploy/models/moesaic-demo");
  }

  /// A fresh directory for the logs of one cluster; in the system's place for such things where the
  /// installation cannot be written to.
  Path newLogDirectory() {
    var target = root.resolve("deploy/target");
    try {
      return Files.isWritable(target)
          ? Files.createTempDirectory(
              Files.createDirectories(target.resolve("clusters")), "cluster-")
          : Files.createTempDirectory("moesaic-cluster-");
    } catch (IOException e) {
      throw new ClusterException("no directory for logs can be made: " + e.getMessage(), e);
    }
  }

  /// A process that runs `moesaic` with the arguments and logs to the file.
  ProcessBuilder moesaic(List<String> arguments, Path log) {
    List<String> command = new ArrayList<>();
    command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
    command.add("@" + root.resolve("deploy/jvm.options"));
    command.add("-D" + ROOT_PROPERTY + "=" + root);
    command.add("-cp");
    command.add(System.getProperty("java.class.path"));
    command.add("io.moesaic.deploy.cli.Moesaic");
    command.addAll(arguments);
    var process =
        new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.appendTo(log.toFile()));
    // A local cluster is what its spec says, whatever settings the user has for other daemons.
    process
        .environment()
        .keySet()
        .removeIf(name -> name.startsWith("MOESAIC_") && !name.equals("MOESAIC_DEBUG"));
    return process;
  }
}
