package io.moesaic.router;

import io.moesaic.router.engine.Engine;
import io.moesaic.router.tokenizer.Tokenizer;
import java.util.concurrent.TimeUnit;

/// What a router runs once its model is loaded, and how it ends.
sealed interface LoadedModel extends AutoCloseable {
  ExpertParallelLayers layers();

  /// Bytes of weights and of keys and values.
  long memoryBytes();

  /// Finishes the requests for texts that there are, for a while, and takes no more.
  void drain();

  @Override
  void close();

  /// A language model and the engine that writes its texts.
  record Texts(ExpertParallelModel model, Tokenizer tokenizer, Engine engine)
      implements LoadedModel {
    private static final long DRAIN_SECONDS = 10;

    @Override
    public ExpertParallelLayers layers() {
      return model.layers();
    }

    @Override
    public long memoryBytes() {
      return model.memoryBytes();
    }

    @Override
    public void drain() {
      long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(DRAIN_SECONDS);
      try {
        while (engine.unfinished() > 0 && System.nanoTime() < deadline) {
          Thread.sleep(10);
        }
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
      }
      engine.close();
    }

    @Override
    public void close() {
      model.close();
      tokenizer.close();
    }
  }

  /// MoE layers and nothing else.
  record LayersOnly(ExpertParallelLayers layers) implements LoadedModel {
    @Override
    public long memoryBytes() {
      return layers.memoryBytes();
    }

    @Override
    public void drain() {
      // There are no texts.
    }

    @Override
    public void close() {
      layers.close();
    }
  }
}
