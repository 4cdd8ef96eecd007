package io.moesaic.router.engine;

import io.moesaic.router.trunk.KvPool;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;

/// Decides which tokens the next step computes: one of every sequence that decodes, and then as
/// much of the prompts as fits. Requests are admitted in the order of their arrival, when there is
/// memory for all that they may become: what runs is never thrown out. Knows no tensors. For the
/// engine's thread.
final class Scheduler {
  private final KvPool pool;
  private final EngineLimits limits;
  private final Deque<Sequence> waiting = new ArrayDeque<>();
  private final List<Sequence> running = new ArrayList<>();

  Scheduler(KvPool pool, EngineLimits limits) {
    this.pool = pool;
    this.limits = limits;
  }

  /// Consecutive tokens of a sequence, as they were when the step was scheduled: the sequence grows
  /// while results are published.
  ///
  /// @param completes whether the sequence's next token can be chosen after it
  record Slice(Sequence sequence, int from, int count, boolean completes) {
    /// The next `count` tokens that are to be computed.
    private static Slice next(Sequence sequence, int count) {
      return new Slice(sequence, sequence.computed(), count, count == sequence.pending());
    }
  }

  /// Whether there is memory for the sequence when it runs alone. For any thread.
  boolean fits(Sequence sequence) {
    return sequence.maxPositions() <= pool.positions();
  }

  void add(Sequence sequence) {
    waiting.add(sequence);
  }

  boolean isEmpty() {
    return waiting.isEmpty() && running.isEmpty();
  }

  /// Ends a sequence and frees its memory.
  void remove(Sequence sequence) {
    running.remove(sequence);
    waiting.remove(sequence);
    sequence.release();
  }

  /// All sequences, running ones first.
  List<Sequence> all() {
    var all = new ArrayList<>(running);
    all.addAll(waiting);
    return all;
  }

  /// Moves waiting sequences to the running ones.
  ///
  /// @return how many
  int admit() {
    int admitted = 0;
    while (!waiting.isEmpty() && running.size() < limits.running()) {
      var next = waiting.getFirst();
      if (KvPool.blocksFor(next.maxPositions()) > pool.freeBlocks()) {
        break;
      }
      next.admitted(pool.allocate(next.maxPositions()));
      running.add(waiting.removeFirst());
      admitted++;
    }
    return admitted;
  }

  /// The work of one step.
  List<Slice> schedule() {
    List<Slice> slices = new ArrayList<>();
    int budget = limits.stepTokens();
    for (var sequence : running) {
      if (sequence.pending() == 1) {
        slices.add(Slice.next(sequence, 1));
        budget--;
      }
    }
    for (var sequence : running) {
      if (sequence.pending() > 1 && budget > 0) {
        int count = Math.min(budget, sequence.pending());
        slices.add(Slice.next(sequence, count));
        budget -= count;
      }
    }
    return slices;
  }
}
