package io.moesaic.expert.store;

/// Told while experts are loaded.
@FunctionalInterface
public interface LoadProgress {
  /// @param loadedBytes bytes of the checkpoint read and packed so far
  /// @param totalBytes bytes of all experts of this node
  void loaded(long loadedBytes, long totalBytes);
}
