package io.moesaic.expert.batch;

import io.moesaic.expert.exec.ExpertBackend;
import io.moesaic.expert.metrics.ExpertCounter;
import io.moesaic.expert.metrics.ExpertCounters;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Semaphore;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.function.LongSupplier;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// The one thread that takes requests from the queue and leads the backend. While a run computes,
/// requests gather; so the busier the node, the larger the runs. It never waits for a batch to
/// fill.
///
/// ```
///   take -> drop what has expired or whose requester has gone -> group -> run -> tell
/// ```
public final class Batcher {
  private static final Logger log = LoggerFactory.getLogger(Batcher.class);

  /// More than any backend keeps in flight.
  private static final int MAX_RUNS = 16;

  private final RequestQueue queue;
  private final ExpertBackend backend;
  private final ExpertCounters counters;
  private final LongSupplier nanoClock;
  private final int maxSlots;
  private final Thread thread;

  /// A permit for each run that a backend may have unfinished.
  private final Semaphore runs = new Semaphore(MAX_RUNS);

  /// @param maxSlots about the most slots of a run: it bounds how long other layers wait
  public Batcher(
      RequestQueue queue,
      ExpertBackend backend,
      ExpertCounters counters,
      LongSupplier nanoClock,
      int maxSlots) {
    this.queue = queue;
    this.backend = backend;
    this.counters = counters;
    this.nanoClock = nanoClock;
    this.maxSlots = maxSlots;
    this.thread = Thread.ofPlatform().name("expert-batcher").daemon().unstarted(this::work);
  }

  /// From now on the backend is this thread's.
  public void start() {
    thread.start();
  }

  private void work() {
    try {
      for (var taken = queue.take(maxSlots); !taken.isEmpty(); taken = queue.take(maxSlots)) {
        run(taken);
      }
    } catch (InterruptedException _) {
      log.warn("the batcher was interrupted: the queue closes");
      queue.close();
      queue.takeAll().forEach(this::stop);
    }
  }

  private void run(List<Request> taken) throws InterruptedException {
    long now = nanoClock.getAsLong();
    var live = new ArrayList<Request>();
    for (var request : taken) {
      long queueNanos = now - request.arrivedNanos();
      if (request.requester().gone()) {
        counters.increment(ExpertCounter.BATCHES_CANCELLED);
        tell(request, new Outcome.Cancelled(queueNanos));
      } else if (request.expired(now)) {
        counters.increment(ExpertCounter.BATCHES_EXPIRED);
        tell(request, new Outcome.Expired(queueNanos));
      } else {
        live.add(request);
      }
    }
    if (live.isEmpty()) {
      return;
    }
    runs.acquire();
    var run = new Run(live, now);
    try {
      backend.run(Grouping.group(live), run);
    } catch (RuntimeException | Error e) {
      run.failed(e);
    }
  }

  private void stop(Request request) {
    tell(request, new Outcome.Stopped(nanoClock.getAsLong() - request.arrivedNanos()));
  }

  private static void tell(Request request, Outcome outcome) {
    try {
      request.requester().told(outcome);
    } catch (RuntimeException | Error e) {
      // One requester's trouble must not become that of the others.
      log.error("a requester failed when it was told {}", outcome, e);
    }
  }

  /// Closes the queue and waits until everything in it is computed. What still waits when the time
  /// is up is told [Outcome.Stopped]; a run in progress is given as much time again, because its
  /// memory cannot be freed before it ends.
  ///
  /// @return whether every request has been told its outcome and the backend is free
  public boolean stop(Duration patience) throws InterruptedException {
    queue.close();
    boolean idle = awaitIdle(patience);
    queue.takeAll().forEach(this::stop);
    return idle || awaitIdle(patience);
  }

  private boolean awaitIdle(Duration patience) throws InterruptedException {
    if (thread.getState() == Thread.State.NEW) {
      return true;
    }
    if (!thread.join(patience)
        || !runs.tryAcquire(MAX_RUNS, patience.toNanos(), TimeUnit.NANOSECONDS)) {
      return false;
    }
    runs.release(MAX_RUNS);
    return true;
  }

  /// Requests that are being computed together.
  private final class Run implements ExpertBackend.Completion {
    private final List<Request> requests;
    private final long startNanos;
    private final AtomicBoolean done = new AtomicBoolean();

    Run(List<Request> requests, long startNanos) {
      this.requests = requests;
      this.startNanos = startNanos;
    }

    @Override
    public void succeeded() {
      if (done.compareAndSet(false, true)) {
        long computeNanos = nanoClock.getAsLong() - startNanos;
        counters.increment(ExpertCounter.RUNS);
        for (var request : requests) {
          counters.add(ExpertCounter.SLOTS_COMPUTED, request.slots().size());
          tell(request, new Outcome.Computed(queueNanos(request), computeNanos));
        }
        runs.release();
      }
    }

    @Override
    public void failed(Throwable cause) {
      if (done.compareAndSet(false, true)) {
        log.error("a run of {} requests failed", requests.size(), cause);
        for (var request : requests) {
          counters.increment(ExpertCounter.BATCHES_FAILED);
          tell(request, new Outcome.Failed(queueNanos(request), cause));
        }
        runs.release();
      }
    }

    private long queueNanos(Request request) {
      return startNanos - request.arrivedNanos();
    }
  }
}
