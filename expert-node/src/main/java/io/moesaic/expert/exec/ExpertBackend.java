package io.moesaic.expert.exec;

import io.moesaic.tensor.ffn.ExpertId;
import io.moesaic.tensor.ffn.ExpertWeights;

/// Runs grouped token rows through a node's experts, on one kind of processor.
///
/// Loading and running are called by one thread at a time. A backend may finish a run before [#run]
/// returns, or later on a thread of its own; it takes a bounded number of unfinished runs and makes
/// [#run] wait beyond that.
public interface ExpertBackend extends AutoCloseable {
  ArithmeticClass arithmetic();

  /// Packs a copy of an expert's weights into the backend's memory. The weights are not read after
  /// that.
  LoadedExpert load(ExpertId id, ExpertWeights weights);

  /// Computes all slots of a batch.
  ///
  /// @param done is told once, when every output is written or the run has failed
  void run(GroupedBatch batch, Completion done);

  /// What becomes of a run.
  interface Completion {
    void succeeded();

    /// The outputs are undefined.
    void failed(Throwable cause);
  }

  /// No run may be in progress.
  @Override
  void close();
}
