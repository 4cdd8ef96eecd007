package io.moesaic.expert;

import io.moesaic.expert.batch.Batcher;
import io.moesaic.expert.batch.RequestQueue;
import io.moesaic.expert.exec.CpuBackend;
import io.moesaic.expert.exec.ExpertBackend;
import io.moesaic.expert.exec.Warmup;
import io.moesaic.expert.metrics.ExpertCounters;
import io.moesaic.expert.rpc.ExchangeHandler;
import io.moesaic.expert.rpc.Intake;
import io.moesaic.expert.rpc.NodeServer;
import io.moesaic.expert.rpc.NodeService;
import io.moesaic.expert.store.ExpertStore;
import io.moesaic.tensor.checkpoint.Checkpoint;
import io.moesaic.tensor.checkpoint.LoadProgress;
import io.moesaic.tensor.checkpoint.ModelConfig;
import io.moesaic.tensor.ffn.ExpertBank;
import io.moesaic.tensor.ffn.ExpertId;
import io.moesaic.tensor.kernel.Compute;
import io.moesaic.wire.NodeAddress;
import java.time.Duration;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// An expert node in this process.
///
/// ```
///   bind ----------> load ----------------> serving ----------> close
///   answers Describe and health             accepts batches     answers what it accepted
/// ```
/// [#load] and [#close] may be called by different threads: closing ends a load in progress.
public final class ExpertNode implements AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(ExpertNode.class);

  /// How many messages of the largest size may be off heap at a time, batches and replies together.
  private static final long MAX_MESSAGES = 16;

  /// About the most slots of one run: some milliseconds of work for a small model.
  private static final int MAX_RUN_SLOTS = 8192;

  /// Time to compute what has been accepted, and then to send it.
  private static final Duration DRAIN_PATIENCE = Duration.ofSeconds(9);

  private static final Duration FLUSH_PATIENCE = Duration.ofSeconds(1);

  private final ExpertSettings settings;
  private final Checkpoint checkpoint;
  private final ExpertBank bank;
  private final List<ExpertId> held;
  private final ExpertBackend backend;
  private final Batcher batcher;
  private final BufferAllocator allocator;
  private final Intake intake;
  private final NodeServer server;
  private volatile NodeService.State state;
  private volatile boolean closing;

  // Guarded by this.
  private @Nullable ExpertStore store;
  private boolean closed;

  private ExpertNode(ExpertSettings settings, Checkpoint checkpoint) {
    this.settings = settings;
    this.checkpoint = checkpoint;
    var limits = settings.limits();
    bank = ExpertBank.of(ModelConfig.read(settings.model()));
    held = settings.shard().of(bank);
    state = new NodeService.State(false, 0, ExpertStore.storedBytes(bank, checkpoint, held), 0);
    var fingerprint = checkpoint.fingerprint();

    var counters = new ExpertCounters();
    var queue = new RequestQueue(settings.queueBatches());
    backend = new CpuBackend(Compute.on(settings.threads(), "expert-compute"), bank.block());
    batcher = new Batcher(queue, backend, counters, System::nanoTime, MAX_RUN_SLOTS);
    allocator = new RootAllocator(MAX_MESSAGES * limits.maxMessageBytes());
    intake = new Intake(limits, allocator, queue, counters, System::nanoTime);
    var model = new ExchangeHandler.Model(settings.modelName(), bank.block().hidden());
    var identity = Identity.of(settings, fingerprint, backend.arithmetic(), bank, held);
    try {
      server =
          NodeServer.start(
              settings.listen(),
              limits,
              allocator,
              new ExchangeHandler(model, intake, counters),
              new NodeService(identity, () -> state, counters));
    } catch (RuntimeException | Error e) {
      backend.close();
      allocator.close();
      throw e;
    }
  }

  /// Checks the checkpoint, and begins to answer Describe and health.
  ///
  /// @throws io.moesaic.tensor.checkpoint.CheckpointException when the checkpoint cannot be served
  /// @throws IllegalArgumentException when there are more shards than experts
  /// @throws java.io.UncheckedIOException when the address cannot be listened on
  public static ExpertNode bind(ExpertSettings settings) {
    var checkpoint = Checkpoint.open(settings.model());
    try {
      return new ExpertNode(settings, checkpoint);
    } catch (RuntimeException | Error e) {
      checkpoint.close();
      throw e;
    }
  }

  /// Where the node listens: the host as it was given, the port as it is.
  public NodeAddress address() {
    return new NodeAddress(settings.listen().host(), server.port());
  }

  /// The experts that this node hosts.
  public List<ExpertId> held() {
    return held;
  }

  /// Bytes that the loaded experts occupy in memory.
  public long memoryBytes() {
    return state.memoryBytes();
  }

  /// Loads the experts, warms the kernels, and begins to serve.
  ///
  /// @throws io.moesaic.tensor.checkpoint.CheckpointException when the checkpoint cannot be read
  /// @throws IllegalStateException when the node has been loaded already, or is closed meanwhile
  public synchronized void load(LoadProgress progress) {
    if (store != null) {
      throw new IllegalStateException("node " + settings.name() + " has been loaded already");
    }
    checkOpen();
    var loaded =
        ExpertStore.load(
            bank,
            checkpoint,
            held,
            backend,
            (loadedBytes, totalBytes) -> {
              checkOpen();
              state = new NodeService.State(false, loadedBytes, totalBytes, 0);
              progress.loaded(loadedBytes, totalBytes);
            });
    store = loaded;
    Warmup.run(backend, loaded.first(), bank.block(), settings.warmup());
    checkOpen();
    batcher.start();
    intake.serve(loaded);
    state =
        new NodeService.State(true, state.totalBytes(), state.totalBytes(), loaded.memoryBytes());
    server.serve();
    log.info("{} serves {} experts of {}", settings.name(), held.size(), settings.modelName());
  }

  private void checkOpen() {
    if (closing) {
      throw new IllegalStateException("node " + settings.name() + " has been closed");
    }
  }

  /// Stops serving, answers what has been accepted, and frees everything. Takes at most about 10
  /// seconds, and as long again if a run of the backend does not end.
  ///
  /// @throws IllegalStateException when memory of a batch has not been released
  @Override
  public void close() {
    closing = true;
    synchronized (this) {
      if (!closed) {
        closed = true;
        stopServing();
        if (stopped()) {
          free();
        } else {
          log.error("{} has work that does not end: its memory stays allocated", settings.name());
        }
      }
    }
  }

  private void stopServing() {
    server.stopServing();
    state =
        new NodeService.State(false, state.loadedBytes(), state.totalBytes(), state.memoryBytes());
    intake.stopServing();
  }

  /// Whether nothing uses the experts and the batches any more.
  private boolean stopped() {
    try {
      boolean idle = batcher.stop(DRAIN_PATIENCE);
      server.stop(FLUSH_PATIENCE);
      return idle;
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
      return false;
    }
  }

  private void free() {
    if (store != null) {
      store.close();
    }
    backend.close();
    checkpoint.close();
    // Checks that every batch and reply has been released.
    allocator.close();
  }
}
