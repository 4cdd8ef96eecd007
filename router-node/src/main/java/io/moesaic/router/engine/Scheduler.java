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

  /// Consecutive tokens of a sequence.
  record Slice(Sequence sequence, int from, int count) {
    /// Whether the sequence's next token can be chosen after it.
    boolean completes() {
      return from + count == sequence.length();
    }
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
        slices.add(new Slice(sequence, sequence.computed(), 1));
        budget--;
      }
    }
    for (var sequence : running) {
      if (sequence.pending() > 1 && budget > 0) {
        int count = Math.min(budget, sequence.pending());
        slices.add(new Slice(sequence, sequence.computed(), count));
        budget -= count;
      }
    }
    return slices;
  }
}
