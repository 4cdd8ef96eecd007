package io.moesaic.tensor.checkpoint;

/// Told while a node loads its part of a checkpoint, on the thread that loads.
@FunctionalInterface
public interface LoadProgress {
  /// @param loadedBytes bytes of the checkpoint read and packed so far
  /// @param totalBytes bytes of all tensors of this node
  void loaded(long loadedBytes, long totalBytes);
}
