package io.moesaic.deploy.dev;

/// Where the expert nodes of a local cluster live.
public enum ExpertHost {
  /// Each in a JVM of its own.
  PROCESS,
  /// All in the JVM that starts the cluster: for a debugger or a profiler.
  IN_PROCESS
}
