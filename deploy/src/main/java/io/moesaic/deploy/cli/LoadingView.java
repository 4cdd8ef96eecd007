package io.moesaic.deploy.cli;

/// Shows how far nodes have loaded. Not for several threads.
interface LoadingView {
  void loading(String node, long loadedBytes, long totalBytes);

  /// The node serves.
  void ready(String node);
}
