package io.moesaic.router.layer;

import io.moesaic.tensor.kernel.Compute;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import org.apache.arrow.memory.BufferAllocator;

/// The threads that compute, `layer-0` and so on. Exchanges take turns, a batch at a time, and
/// each is with one thread at a time. Safe for concurrent use.
final class LayerWorkers implements AutoCloseable {
  private final ServedLayers layers;

  // INVARIANT: an exchange stands here once at most, so the queue is as bounded as they are.
  private final BlockingQueue<LayerExchange> ready = new LinkedBlockingQueue<>();
  private final List<Thread> threads = new ArrayList<>();

  private LayerWorkers(ServedLayers layers) {
    this.layers = layers;
  }

  /// @param allocator for replies
  static LayerWorkers start(ServedLayers layers, int threads, BufferAllocator allocator) {
    var workers = new LayerWorkers(layers);
    for (int i = 0; i < threads; i++) {
      var name = "layer-" + i;
      workers.threads.add(
          Thread.ofPlatform().daemon().name(name).start(() -> workers.work(name, allocator)));
    }
    return workers;
  }

  ServedLayers layers() {
    return layers;
  }

  /// Lets a thread take the exchange's next batch.
  void submit(LayerExchange exchange) {
    ready.add(exchange);
  }

  private void work(String name, BufferAllocator allocator) {
    // The thread itself computes: one is enough for the gate of so many rows.
    try (var compute = Compute.on(1, name)) {
      var pass = new LayerPass(layers, compute, allocator);
      while (!Thread.currentThread().isInterrupted()) {
        ready.take().computeNext(pass);
      }
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }

  /// Stops the threads; the batch that each is at fails. What waits stays where it is.
  @Override
  public void close() {
    threads.forEach(Thread::interrupt);
    for (var thread : threads) {
      try {
        thread.join();
      } catch (InterruptedException _) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }
}
