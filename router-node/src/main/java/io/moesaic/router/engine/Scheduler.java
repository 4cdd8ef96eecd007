package io.moesaic.router.engine;

import io.moesaic.router.engine.Grouping.Pace;
import io.moesaic.router.trunk.KvPool;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;

/// Decides which tokens the next step computes: one of every sequence that decodes, and then as
/// much of the prompts as fits. Sequences are admitted in the order of their arrival, when there is
/// memory for all that they may become: what runs is never thrown out. Knows no tensors. For the
/// engine's thread.
///
/// Sequences whose [Pace] is not free are computed in windows that are not cut, those of a request
/// in lockstep all at once. A prompt that is encoded apart from its text is one window, and a step
/// that encodes does nothing else; the next one does not encode. Nobody starves: among the prompts
/// the one that was admitted first comes first, and its windows fit beside everybody who decodes
/// ([EngineLimits#window]).
final class Scheduler {
  private final KvPool pool;
  private final EngineLimits limits;
  private final Deque<Sequence> waiting = new ArrayDeque<>();
  private final List<Sequence> running = new ArrayList<>();
  private boolean encodedLast;

  Scheduler(KvPool pool, EngineLimits limits) {
    this.pool = pool;
    this.limits = limits;
  }

  /// Consecutive tokens of a sequence, as they were when the step was scheduled: the sequence grows
  /// while results are published.
  ///
  /// @param completes whether the sequence's next token can be chosen after it
  record Slice(Sequence sequence, int from, int count, boolean completes) {
    /// The next tokens that are to be computed, `most` of them if there are so many.
    private static Slice next(Sequence sequence, int most) {
      int count = Math.min(most, sequence.pending());
      return new Slice(sequence, sequence.computed(), count, count == sequence.pending());
    }

    /// The next tokens, up to a position that is a multiple of `window`.
    private static Slice window(Sequence sequence, int window) {
      return next(sequence, window - sequence.computed() % window);
    }

    /// A prompt that is encoded.
    private static Slice encoded(Sequence sequence) {
      return next(sequence, sequence.encoded());
    }
  }

  /// Slices that are computed in one step, all of them or none.
  ///
  /// @param divisible whether it is one slice that may be shortened
  private record Unit(List<Slice> slices, boolean divisible) {
    boolean encodes() {
      return slices.getFirst().sequence().encodes();
    }

    boolean decodes() {
      return slices.stream().allMatch(slice -> slice.sequence().pending() == 1);
    }

    int rows() {
      return slices.stream().mapToInt(Slice::count).sum();
    }
  }

  /// Refuses texts that could never be computed, however long they waited. For any thread.
  ///
  /// @throws IllegalArgumentException when there is not memory enough, or steps are too short
  void requireFits(Cohort cohort, Grouping grouping) {
    for (var member : cohort.members()) {
      if (member.blocks() > pool.positions() / KvPool.BLOCK) {
        throw new IllegalArgumentException(
            "the text may come to %d positions in %d blocks, but there is memory for %d only"
                .formatted(
                    member.maxPositions(), member.blocks(), pool.positions() / KvPool.BLOCK));
      }
      if (member.encoded() > limits.stepTokens()) {
        throw new IllegalArgumentException(
            "the prompt has %d tokens, must have at most %d: this model encodes it in one step"
                .formatted(member.encoded(), limits.stepTokens()));
      }
    }
    var together =
        cohort.members().stream().filter(m -> grouping.pace(m) == Pace.LOCKSTEP).toList();
    int encoded = together.stream().mapToInt(Sequence::encoded).sum();
    if (encoded > limits.stepTokens()) {
      throw new IllegalArgumentException(
          ("with capacity scope request, the prompts of a request are encoded together, and have %d"
                  + " tokens, must have at most %d: ask for fewer texts")
              .formatted(encoded, limits.stepTokens()));
    }
    if (!fit(together)) {
      throw new IllegalArgumentException(
          ("with capacity scope request, the %d texts of a request are computed together, but there"
                  + " is memory for %d positions only, and for %d texts: ask for fewer")
              .formatted(together.size(), pool.positions(), limits.running()));
    }
  }

  /// Whether sequences can run at the same time, if no other does.
  private boolean fit(List<Sequence> sequences) {
    return sequences.size() <= limits.running()
        && blocks(sequences) <= pool.positions() / KvPool.BLOCK;
  }

  private static long blocks(List<Sequence> sequences) {
    return sequences.stream().mapToLong(Sequence::blocks).sum();
  }

  void add(Cohort cohort) {
    waiting.addAll(cohort.members());
  }

  boolean isEmpty() {
    return waiting.isEmpty() && running.isEmpty();
  }

  /// Ends a sequence and frees its memory.
  void remove(Sequence sequence) {
    running.remove(sequence);
    waiting.remove(sequence);
    sequence.end();
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
  int admit(Grouping grouping) {
    int before = running.size();
    while (!waiting.isEmpty()) {
      var next = next(grouping);
      if (running.size() + next.size() > limits.running() || blocks(next) > pool.freeBlocks()) {
        break;
      }
      for (var sequence : next) {
        sequence.admit(pool);
        running.add(sequence);
        waiting.remove(sequence);
      }
    }
    return running.size() - before;
  }

  /// Who is admitted next: the first that waits, with the others of its request if they are to run
  /// in lockstep.
  private List<Sequence> next(Grouping grouping) {
    var first = waiting.getFirst();
    if (grouping.pace(first) != Pace.LOCKSTEP) {
      return List.of(first);
    }
    var together =
        first.cohort().members().stream().filter(m -> !m.running() && !m.ended()).toList();
    // Too many can have come in only before the operator asked for lockstep.
    return fit(together) ? together : List.of(first);
  }

  /// The work of one step.
  List<Slice> schedule(Grouping grouping) {
    var units = turn(units(grouping));
    List<Slice> slices = new ArrayList<>();
    int budget = limits.stepTokens();
    for (var unit : units) {
      if (unit.decodes()) {
        slices.addAll(unit.slices);
        budget -= unit.rows();
      }
    }
    for (var unit : units) {
      if (unit.decodes()) {
        continue;
      }
      if (unit.rows() <= budget) {
        slices.addAll(unit.slices);
        budget -= unit.rows();
      } else if (unit.divisible && budget > 0) {
        slices.add(Slice.next(unit.slices.getFirst().sequence(), budget));
        budget = 0;
      }
    }
    return slices;
  }

  /// Those that encode or those that do not: in turns, when there are both.
  private List<Unit> turn(List<Unit> units) {
    var encoding = units.stream().filter(Unit::encodes).toList();
    var others = units.stream().filter(unit -> !unit.encodes()).toList();
    encodedLast = !encoding.isEmpty() && (others.isEmpty() || !encodedLast);
    return encodedLast ? encoding : others;
  }

  /// What everybody who runs would compute next, in the order of their admission.
  private List<Unit> units(Grouping grouping) {
    List<Unit> units = new ArrayList<>();
    for (var sequence : running) {
      if (sequence.encodes()) {
        encoding(sequence, grouping).ifPresent(units::add);
        continue;
      }
      switch (grouping.pace(sequence)) {
        case FREE -> units.add(new Unit(List.of(Slice.next(sequence, sequence.pending())), true));
        case WINDOWS ->
            units.add(new Unit(List.of(Slice.window(sequence, limits.window(1))), false));
        case LOCKSTEP -> {
          var members = sequence.cohort().members();
          int window = limits.window(members.size());
          var advancing = members.stream().filter(m -> m.running() && !m.encodes()).toList();
          if (sequence == advancing.getFirst()) {
            units.add(
                new Unit(advancing.stream().map(m -> Slice.window(m, window)).toList(), false));
          }
        }
      }
    }
    return units;
  }

  /// The prompts that are encoded with that of a sequence, if it is the first of them.
  private Optional<Unit> encoding(Sequence sequence, Grouping grouping) {
    var together = List.of(sequence);
    if (grouping.pace(sequence) == Pace.LOCKSTEP) {
      var members = sequence.cohort().members();
      var others = members.stream().filter(m -> m.running() && m.encodes()).toList();
      // Too many can have come in only before the operator asked for lockstep.
      boolean fits = others.stream().mapToInt(Sequence::encoded).sum() <= limits.stepTokens();
      together = fits ? others : together;
    }
    return sequence == together.getFirst()
        ? Optional.of(new Unit(together.stream().map(Slice::encoded).toList(), false))
        : Optional.empty();
  }
}
