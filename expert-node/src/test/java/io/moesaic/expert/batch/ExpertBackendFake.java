package io.moesaic.expert.batch;

import io.moesaic.expert.exec.ArithmeticClass;
import io.moesaic.expert.exec.ExpertBackend;
import io.moesaic.expert.exec.LoadedExpert;
import io.moesaic.tensor.ffn.ExpertId;
import io.moesaic.tensor.ffn.ExpertWeights;

/// A backend of which only the runs matter.
interface ExpertBackendFake extends ExpertBackend {
  @Override
  default ArithmeticClass arithmetic() {
    return new ArithmeticClass("fake");
  }

  @Override
  default LoadedExpert load(ExpertId id, ExpertWeights weights) {
    throw new IllegalStateException("a fake loads nothing");
  }

  @Override
  default void close() {}
}
