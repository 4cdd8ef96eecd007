package io.moesaic.tensor.kernel;

import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.locks.LockSupport;
import org.jspecify.annotations.Nullable;

/// A fixed set of platform threads that run parallel regions of a few microseconds each.
///
/// Between regions a worker spins for about 50 us and then parks, so that back-to-back regions hand
/// over in under a microsecond and an idle node uses no processor. Waiting, blocking or I/O does
/// not belong in a task.
///
/// One thread leads at a time: [#run] must not be called by two threads at once, nor from inside a
/// task.
public final class ComputePool implements AutoCloseable {
  /// How long a worker looks for the next region before it parks.
  private static final long SPIN_NANOS = 50_000;

  /// Part `index` of a region's work.
  @FunctionalInterface
  public interface Task {
    void run(int index);
  }

  private final Worker[] workers;
  private volatile Region region = new Region(0, _ -> {});
  private volatile boolean closed;

  /// @param threads how many threads work on a region, the leader included; at least 1
  public ComputePool(int threads, String name) {
    if (threads < 1) {
      throw new IllegalArgumentException("compute threads are " + threads + ", must be at least 1");
    }
    workers = new Worker[threads - 1];
    for (int i = 0; i < workers.length; i++) {
      workers[i] = new Worker(name + "-" + (i + 1));
    }
    for (var worker : workers) {
      worker.thread.start();
    }
  }

  public int threads() {
    return workers.length + 1;
  }

  /// Runs `task` for every index from 0 to `tasks - 1`, each once, the calling thread included, and
  /// returns when all are done. What they wrote is then visible to the caller. A failure of a task
  /// is thrown here once the others ended.
  public void run(int tasks, Task task) {
    if (tasks <= 1 || workers.length == 0) {
      for (int i = 0; i < tasks; i++) {
        task.run(i);
      }
      return;
    }
    var current = new Region(tasks, task);
    region = current;
    for (int i = 0; i < workers.length && i < tasks - 1; i++) {
      workers[i].wake();
    }
    current.work();
    current.await();
  }

  @Override
  public void close() {
    closed = true;
    for (var worker : workers) {
      LockSupport.unpark(worker.thread);
    }
    for (var worker : workers) {
      try {
        worker.thread.join();
      } catch (InterruptedException e) {
        Thread.currentThread().interrupt();
        return;
      }
    }
  }

  /// One parallel loop. A worker that comes late finds no index left and touches nothing.
  private static final class Region {
    private final int tasks;
    private final Task task;
    private final AtomicInteger next = new AtomicInteger();
    private final AtomicInteger finished = new AtomicInteger();
    private volatile @Nullable Throwable failure;

    Region(int tasks, Task task) {
      this.tasks = tasks;
      this.task = task;
    }

    void work() {
      for (int index = next.getAndIncrement(); index < tasks; index = next.getAndIncrement()) {
        try {
          task.run(index);
        } catch (Throwable e) {
          failure = e;
        }
        finished.getAndIncrement();
      }
    }

    @SuppressWarnings("ThreadPriorityCheck") // the yield is a courtesy, not a wait
    void await() {
      long start = System.nanoTime();
      while (finished.get() < tasks) {
        Thread.onSpinWait();
        if (System.nanoTime() - start > SPIN_NANOS) {
          // A worker lost its processor in the middle of a task: leave it this one.
          Thread.yield();
        }
      }
      switch (failure) {
        case null -> {}
        case RuntimeException e -> throw e;
        case Error e -> throw e;
        case Throwable e -> throw new IllegalStateException(e);
      }
    }
  }

  private final class Worker implements Runnable {
    private final Thread thread;
    private volatile boolean parked;

    Worker(String name) {
      thread = Thread.ofPlatform().name(name).daemon().unstarted(this);
    }

    void wake() {
      if (parked) {
        LockSupport.unpark(thread);
      }
    }

    @Override
    public void run() {
      var done = region;
      while (!closed) {
        var next = awaitNext(done);
        next.work();
        done = next;
      }
    }

    /// INVARIANT: `parked` is set before `region` is read again, and the leader writes `region`
    /// before it reads `parked`; so either the worker sees the new region or the leader sees that
    /// it must unpark.
    private Region awaitNext(Region done) {
      long start = System.nanoTime();
      while (region == done && !closed) {
        if (System.nanoTime() - start < SPIN_NANOS) {
          Thread.onSpinWait();
          continue;
        }
        parked = true;
        while (region == done && !closed) {
          LockSupport.park(ComputePool.this);
        }
        parked = false;
      }
      return region;
    }
  }
}
