package io.moesaic.expert.exec;

import io.moesaic.tensor.ffn.ExpertId;

/// An expert in a backend's memory.
public interface LoadedExpert extends AutoCloseable {
  ExpertId id();

  /// Bytes that it occupies there.
  long bytes();

  /// Frees the memory. No run that uses the expert may be in progress.
  @Override
  void close();
}
