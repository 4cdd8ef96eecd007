package io.moesaic.deploy.dev;

import java.nio.file.Path;

/// Told what becomes of a cluster's nodes, from several threads.
public interface ClusterProgress {
  /// For whom the outcome is enough.
  ClusterProgress SILENT = new ClusterProgress() {};

  /// The cluster's nodes are about to start.
  ///
  /// @param logs where each node's log will be, as NAME.log
  default void starting(Path logs) {}

  default void loading(String node, long loadedBytes, long totalBytes) {}

  default void ready(String node) {}

  /// The node ended though nobody asked it to, after it had been ready.
  default void died(String node, int status, Path log) {}
}
