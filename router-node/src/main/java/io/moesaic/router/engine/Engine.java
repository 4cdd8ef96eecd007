package io.moesaic.router.engine;

import io.moesaic.router.capacity.LiveCapacity;
import io.moesaic.router.engine.GenerationFailure.Code;
import io.moesaic.router.engine.Grouping.Pace;
import io.moesaic.router.engine.Scheduler.Slice;
import io.moesaic.router.engine.StepAssembly.Part;
import io.moesaic.router.engine.StepAssembly.Step;
import io.moesaic.router.sampling.Sampler;
import io.moesaic.router.trunk.KvPool;
import io.moesaic.router.trunk.RowFailures;
import io.moesaic.router.trunk.Trunk;
import io.moesaic.tensor.Matrix;
import java.util.List;
import java.util.OptionalInt;
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
/// A request that fails, or whose client goes away, leaves; the others do not notice. Nor do they
/// notice who is there beside them, unless their capacity has scope `step`.
public final class Engine implements Generator, AutoCloseable {
  private static final Logger log = LoggerFactory.getLogger(Engine.class);
  private static final long RETRY_AFTER_MILLIS = 1_000;
  private static final GenerationFailure STOPPED =
      new GenerationFailure(Code.SHUTTING_DOWN, "The server is shutting down.");

  private final Trunk trunk;
  private final OptionalInt start;
  private final MoeBlocks moe;
  private final Publisher publisher;
  private final EngineLimits limits;
  private final LiveCapacity capacity;
  private final Scheduler scheduler;
  private final BlockingQueue<Cohort> incoming = new LinkedBlockingQueue<>();
  private final AtomicInteger waiting = new AtomicInteger();
  private final AtomicInteger unfinished = new AtomicInteger();
  private final Thread thread;
  private volatile boolean closed;

  /// @param start the token that texts begin with, if the trunk encodes their prompts apart from
  ///     them
  /// @param capacity of requests that bring none; each step is by what it is then
  public Engine(
      Trunk trunk,
      OptionalInt start,
      MoeBlocks moe,
      KvPool pool,
      Sampler sampler,
      EngineLimits limits,
      LiveCapacity capacity) {
    if (start.isPresent() != trunk.config().encodesPrompts()) {
      throw new IllegalArgumentException(
          "a token that texts begin with is %s, but the model %s prompts apart from them"
              .formatted(
                  start.isPresent() ? "given" : "missing",
                  trunk.config().encodesPrompts() ? "encodes" : "does not encode"));
    }
    this.trunk = trunk;
    this.start = start;
    this.moe = moe;
    this.limits = limits;
    this.capacity = capacity;
    publisher = new Publisher(sampler);
    scheduler = new Scheduler(pool, limits);
    thread = Thread.ofPlatform().name("engine").start(this::run);
  }

  @Override
  public List<Generation> submit(
      List<GenerationRequest> texts, List<? extends GenerationListener> listeners)
      throws QueueFullException {
    if (start.isPresent()) {
      texts.forEach(Engine::requireEncodable);
    }
    var cohort = Cohort.of(texts, listeners, start);
    scheduler.requireFits(cohort, grouping());
    int count = texts.size();
    int before = waiting.getAndAdd(count);
    if (before + count > limits.waiting()) {
      waiting.addAndGet(-count);
      throw new QueueFullException(before, count, limits.waiting(), RETRY_AFTER_MILLIS);
    }
    unfinished.addAndGet(count);
    incoming.add(cohort);
    if (closed) {
      // The engine's thread may have missed it.
      failIncoming();
    }
    return List.copyOf(cohort.members());
  }

  private static void requireEncodable(GenerationRequest text) {
    if (text.scorePrompt()) {
      throw new IllegalArgumentException(
          "the prompt cannot be scored: this model encodes it and does not continue it");
    }
    if (text.moe().routedExperts()) {
      throw new IllegalArgumentException(
          "experts cannot be told by position: prompts and texts of this model have MoE layers of"
              + " their own");
    }
  }

  /// Texts that have been accepted and not ended.
  public int unfinished() {
    return unfinished.get();
  }

  private Grouping grouping() {
    return new Grouping(capacity.get(), moe.expertsChoose());
  }

  private void run() {
    try {
      while (!closed) {
        receive();
        var grouping = grouping();
        scheduler.all().stream()
            .filter(sequence -> sequence.cancelled() && !grouping.needed(sequence))
            .forEach(this::end);
        waiting.addAndGet(-scheduler.admit(grouping));
        var slices = scheduler.schedule(grouping);
        if (!slices.isEmpty()) {
          step(slices, grouping);
        }
      }
    } catch (InterruptedException _) {
      // closed
    }
    scheduler.all().forEach(sequence -> failAlone(sequence, STOPPED));
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

  private void step(List<Slice> slices, Grouping grouping) {
    Step step;
    RowFailures failures;
    Matrix logits;
    try {
      step = StepAssembly.of(slices, grouping);
      failures = new RowFailures(step.rows().tokens().count());
      logits = trunk.forward(step.batch(), moe.step(step.rows()), failures);
    } catch (RuntimeException | Error e) {
      log.error("A step of {} sequences failed", slices.size(), e);
      var failure = new GenerationFailure(Code.INTERNAL, "The step failed: " + e);
      slices.forEach(slice -> failAlone(slice.sequence(), failure));
      return;
    }
    // Failures first: those who are counted with a row that failed have no result either.
    for (var part : step.parts()) {
      var failure = failure(part, failures);
      if (failure != null && !part.slice().sequence().ended()) {
        fail(part.slice().sequence(), failure, grouping);
      }
    }
    for (var part : step.parts()) {
      if (!part.slice().sequence().ended()) {
        publish(part, logits, step, grouping);
      }
    }
  }

  private @Nullable GenerationFailure failure(Part part, RowFailures failures) {
    for (int row = part.firstRow(); row < part.endRow(); row++) {
      var reason = failures.reason(row);
      if (reason != null) {
        // A close interrupts the wait for experts: that is no fault of theirs.
        return closed
            ? STOPPED
            : new GenerationFailure(
                failures.refused(row) ? Code.INTERNAL : Code.EXPERT_UNAVAILABLE, reason);
      }
    }
    return null;
  }

  /// Samples and tells the listener. If either throws, the sequence fails.
  private void publish(Part part, Matrix logits, Step step, Grouping grouping) {
    var sequence = part.slice().sequence();
    try {
      var reason = publisher.publish(part, logits, step.rows().tallies());
      if (reason != null) {
        finish(sequence, reason);
      }
    } catch (RuntimeException | Error e) {
      log.error("A token could not be chosen or handed over", e);
      var message = "A token could not be chosen or handed over: " + e;
      fail(sequence, new GenerationFailure(Code.INTERNAL, message), grouping);
    }
  }

  private void finish(Sequence sequence, FinishReason reason) {
    end(sequence);
    if (!sequence.cancelled()) {
      tell(() -> sequence.listener().finished(reason));
    }
  }

  /// Ends a sequence, and with it those that are counted together with it: without its rows their
  /// results would be others.
  private void fail(Sequence sequence, GenerationFailure failure, Grouping grouping) {
    if (grouping.pace(sequence) != Pace.LOCKSTEP) {
      failAlone(sequence, failure);
      return;
    }
    for (var member : sequence.cohort().members()) {
      if (!member.ended()) {
        failAlone(member, failure);
      }
    }
  }

  private void failAlone(Sequence sequence, GenerationFailure failure) {
    end(sequence);
    if (!sequence.cancelled()) {
      tell(() -> sequence.listener().failed(failure));
    }
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
    if (!sequence.running()) {
      waiting.decrementAndGet();
    }
    scheduler.remove(sequence);
    unfinished.decrementAndGet();
  }

  private void failIncoming() {
    for (var next = incoming.poll(); next != null; next = incoming.poll()) {
      for (var sequence : next.members()) {
        waiting.decrementAndGet();
        unfinished.decrementAndGet();
        tell(() -> sequence.listener().failed(STOPPED));
      }
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
