package io.moesaic.router;

/// Told while the trunk is loaded.
@FunctionalInterface
public interface LoadProgress {
  /// @param loadedBytes bytes of the checkpoint read so far
  /// @param totalBytes bytes of all tensors of the trunk
  void loaded(long loadedBytes, long totalBytes);
}
