package io.moesaic.expert;

import io.moesaic.expert.store.Shard;
import io.moesaic.tensor.checkpoint.Checkpoint;
import io.moesaic.wire.NodeAddress;
import io.moesaic.wire.WireLimits;
import java.nio.file.Path;
import java.time.Duration;

/// How an expert node is to run.
///
/// @param name for logs and tables, such as `expert-2`
/// @param model directory of the checkpoint
/// @param listen port 0 for a free one
/// @param threads that compute
/// @param queueBatches most batches that wait to be computed
/// @param warmup about how long kernels are run before the node serves, or twice each if that is
///     more
/// @param insecure whether to listen where other hosts can connect, although anybody who can reach
///     the port can then use it
public record ExpertSettings(
    String name,
    Path model,
    Shard shard,
    NodeAddress listen,
    int threads,
    int queueBatches,
    WireLimits limits,
    Duration warmup,
    boolean insecure) {
  /// Enough for a process of its own; where kernels have run before, none is needed.
  public static final Duration WARMUP = Duration.ofMillis(400);

  public ExpertSettings {
    if (name.isBlank()) {
      throw new IllegalArgumentException("name is blank, a node needs one");
    }
    if (threads < 1 || queueBatches < 1) {
      throw new IllegalArgumentException(
          "threads are %d and queued batches %d, both must be at least 1"
              .formatted(threads, queueBatches));
    }
    if (!insecure && !listen.isLoopback()) {
      throw new IllegalArgumentException(
          "listen is %s, which other hosts can reach, and the port is neither encrypted nor"
                  .formatted(listen)
              + " authenticated: listen on 127.0.0.1, or allow it with \"insecure\" on a network"
              + " that you trust");
    }
  }

  /// The name of the model's directory: what routers ask for.
  String modelName() {
    return Checkpoint.nameOf(model);
  }
}
