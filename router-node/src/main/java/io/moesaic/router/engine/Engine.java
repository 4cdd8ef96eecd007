package io.moesaic.router.engine;

import io.moesaic.router.capacity.StepRows;
import io.moesaic.router.engine.GenerationFailure.Code;
import io.moesaic.router.engine.Scheduler.Slice;
import io.moesaic.router.sampling.Sampler;
import io.moesaic.router.sampling.TokenScore;
import io.moesaic.router.trunk.KvPool;
import io.moesaic.router.trunk.RowFailures;
import io.moesaic.router.trunk.Trunk;
import io.moesaic.tensor.Matrix;
import java.util.List;
import java.util.Set;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Advances all sequences together, on one thread of its own:
///
/// ```
///   step: schedule -> forward -> sample -> publish
/// ```
/// A request that fails, or whose client goes away, leaves; the others do not notice.
public final class Engine implements Generator, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Engine.class);
  private static final long RETRY_AFTER_MILLIS = 1_000;
  private static final GenerationFailure STOPPED =
      new GenerationFailure(Code.SHUTTING_DOWN, "The server is shutting down.");

  private final Trunk trunk;
  private final MoeBlocks moe;
  private final KvPool pool;
  private final Sampler sampler;
  private final EngineLimits limits;
  private final Scheduler scheduler;
  private final BlockingQueue<Sequence> incoming = new LinkedBlockingQueue<>();
  private final AtomicInteger waiting = new AtomicInteger();
  private final AtomicInteger unfinished = new AtomicInteger();
  private final Thread thread;
  private volatile boolean closed;

  public Engine(Trunk trunk, MoeBlocks moe, KvPool pool, Sampler sampler, EngineLimits limits) {
    this.trunk = trunk;
    this.moe = moe;
    this.pool = pool;
    this.sampler = sampler;
    this.limits = limits;
    scheduler = new Scheduler(pool, limits);
    thread = Thread.ofPlatform().name("engine").start(this::run);
  }

  @Override
  public Generation submit(GenerationRequest request, GenerationListener listener)
      throws QueueFullException {
    var sequence = new Sequence(request, listener);
    if (!scheduler.fits(sequence)) {
      throw new IllegalArgumentException(
          "the text may come to %d positions, but there is memory for %d only"
              .formatted(sequence.maxPositions(), pool.positions()));
    }
    if (waiting.incrementAndGet() > limits.waiting()) {
      waiting.decrementAndGet();
      throw new QueueFullException(limits.waiting(), limits.waiting(), RETRY_AFTER_MILLIS);
    }
    unfinished.incrementAndGet();
    incoming.add(sequence);
    if (closed) {
      // The engine's thread may have missed it.
      failIncoming();
    }
    return sequence;
  }

  /// Requests that have been accepted and not ended.
  public int unfinished() {
    return unfinished.get();
  }

  private void run() {
    try {
      while (!closed) {
        receive();
        scheduler.all().stream().filter(Sequence::cancelled).forEach(this::end);
        waiting.addAndGet(-scheduler.admit());
        var slices = scheduler.schedule();
        if (!slices.isEmpty()) {
          step(slices);
        }
      }
    } catch (InterruptedException _) {
      // closed
    }
    scheduler.all().forEach(sequence -> fail(sequence, STOPPED));
    failIncoming();
  }

  /// Takes new requests; waits for one when there is nothing else to do.
  private void receive() throws InterruptedException {
    if (scheduler.isEmpty()) {
      scheduler.add(incoming.take());
    }
    for (var next = incoming.poll(); next != null; next = incoming.poll()) {
      scheduler.add(next);
    }
  }

  private void step(List<Slice> slices) {
    RowFailures failures;
    Matrix logits;
    try {
      var batch = StepAssembly.of(slices);
      failures = new RowFailures(batch.tokens().length);
      var step = moe.step(StepRows.unlimited(batch.tokens().length));
      logits = trunk.forward(batch, step, failures);
    } catch (RuntimeException | Error e) {
      log.error("A step of {} sequences failed", slices.size(), e);
      var failure = new GenerationFailure(Code.INTERNAL, "The step failed: " + e);
      slices.forEach(slice -> fail(slice.sequence(), failure));
      return;
    }
    int row = 0;
    int logitRow = 0;
    for (var slice : slices) {
      var reason = firstReason(failures, row, slice.count());
      if (reason != null) {
        // A close interrupts the wait for experts: that is no fault of theirs.
        fail(
            slice.sequence(),
            closed ? STOPPED : new GenerationFailure(Code.EXPERT_UNAVAILABLE, reason));
      } else {
        publish(slice, logits, logitRow);
      }
      row += slice.count();
      logitRow += StepAssembly.logitRows(slice);
    }
  }

  private static @Nullable String firstReason(RowFailures failures, int first, int count) {
    for (int row = first; row < first + count; row++) {
      if (failures.failed(row)) {
        return failures.reason(row);
      }
    }
    return null;
  }

  /// Samples and tells the listener. If either throws, the sequence fails alone.
  ///
  /// @param firstRow the slice's first row of logits
  private void publish(Slice slice, Matrix logits, int firstRow) {
    var sequence = slice.sequence();
    sequence.advance(slice.count());
    try {
      if (sequence.request().scorePrompt() && sequence.generated() == 0) {
        scorePrompt(slice, logits, firstRow);
      }
      if (slice.completes()) {
        next(sequence, logits, firstRow + StepAssembly.logitRows(slice) - 1);
      }
    } catch (RuntimeException | Error e) {
      log.error("A token could not be chosen or handed over", e);
      fail(
          sequence,
          new GenerationFailure(Code.INTERNAL, "A token could not be chosen or handed over: " + e));
    }
  }

  private void scorePrompt(Slice slice, Matrix logits, int firstRow) {
    var sequence = slice.sequence();
    var request = sequence.request();
    for (int i = 0; i < slice.count(); i++) {
      int position = slice.from() + i + 1;
      if (position < request.prompt().length) {
        int token = sequence.token(position);
        sequence
            .promptScores()
            .add(sampler.score(logits, firstRow + i, token, request.sampling().logprobs()));
      }
    }
    if (slice.completes()) {
      sequence.listener().promptScored(List.copyOf(sequence.promptScores()));
    }
  }

  /// Chooses the next token and ends the sequence if it is the last.
  private void next(Sequence sequence, Matrix logits, int row) {
    var request = sequence.request();
    if (request.maxTokens() == 0) {
      finish(sequence, FinishReason.LENGTH);
      return;
    }
    var forbidden =
        sequence.generated() < request.minTokens() ? request.stopTokens() : Set.<Integer>of();
    TokenScore next =
        sampler.next(
            logits, row, request.sampling(), sequence.counts(), sequence.length(), forbidden);
    if (request.stopTokens().contains(next.token())) {
      finish(sequence, FinishReason.STOP);
      return;
    }
    sequence.append(next.token());
    sequence.listener().generated(next);
    if (sequence.generated() == request.maxTokens()) {
      finish(sequence, FinishReason.LENGTH);
    }
  }

  private void finish(Sequence sequence, FinishReason reason) {
    end(sequence);
    tell(() -> sequence.listener().finished(reason));
  }

  private void fail(Sequence sequence, GenerationFailure failure) {
    end(sequence);
    tell(() -> sequence.listener().failed(failure));
  }

  /// A listener's last call: nothing is left to be done if it throws.
  private static void tell(Runnable call) {
    try {
      call.run();
    } catch (RuntimeException | Error e) {
      log.error("A request's listener failed", e);
    }
  }

  /// Once for each sequence.
  private void end(Sequence sequence) {
    if (!sequence.admitted()) {
      waiting.decrementAndGet();
    }
    scheduler.remove(sequence);
    unfinished.decrementAndGet();
  }

  private void failIncoming() {
    for (var next = incoming.poll(); next != null; next = incoming.poll()) {
      waiting.decrementAndGet();
      unfinished.decrementAndGet();
      var listener = next.listener();
      tell(() -> listener.failed(STOPPED));
    }
  }

  /// Stops after the current step, for whose experts it does not wait any longer. Requests that
  /// have not ended fail.
  @Override
  public void close() {
    closed = true;
    thread.interrupt();
    try {
      thread.join();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
  }
}
