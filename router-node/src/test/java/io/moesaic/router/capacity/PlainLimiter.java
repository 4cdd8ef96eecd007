package io.moesaic.router.capacity;

import static java.util.Comparator.comparingDouble;
import static java.util.Comparator.comparingInt;

import io.moesaic.router.capacity.CapacityPolicy.Overflow;
import io.moesaic.router.capacity.CapacityPolicy.Per;
import io.moesaic.router.capacity.CapacityPolicy.Renormalize;
import io.moesaic.router.gate.Choices;
import io.moesaic.router.gate.Gating;
import io.moesaic.router.gate.TokenRows;
import io.moesaic.router.placement.Placement;
import io.moesaic.router.sampling.CounterRandom;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// The plain twin of [CapacityLimiter]: one group of rows, lists and stable sorts, and whoever asks
/// for room counts who has it already.
final class PlainLimiter {
  private final CapacityPolicy policy;
  private final Gating gating;
  private final TokenRows tokens;
  private final Placement placement;
  private final List<Choice> choices = new ArrayList<>();
  private final int capacity;

  /// A choice on its way: `expert` is where it is now.
  static final class Choice {
    final int row;
    final int rank;
    final int offered;
    int expert;
    float asked;
    float weight;
    int slot;

    Choice(int row, int rank, int offered, float weight) {
      this.row = row;
      this.rank = rank;
      this.offered = offered;
      this.expert = offered;
      this.asked = weight;
    }

    private boolean isOfferedTo(int other) {
      return offered == other;
    }

    private boolean isAt(int other) {
      return expert == other;
    }
  }

  /// @param rows of the group
  PlainLimiter(
      CapacityPolicy policy,
      Gating gating,
      TokenRows tokens,
      Placement placement,
      List<Integer> rows) {
    this.policy = policy;
    this.gating = gating;
    this.tokens = tokens;
    this.placement = placement;
    var offered = gating.choices();
    for (int row : rows) {
      for (int rank = 0; rank < offered.ranks(); rank++) {
        if (offered.expert(row, rank) != Choices.NONE) {
          choices.add(new Choice(row, rank, offered.expert(row, rank), offered.weight(row, rank)));
        }
      }
    }
    int fullest = 0;
    for (int expert = 0; expert < experts(); expert++) {
      int e = expert;
      fullest = Math.max(fullest, (int) choices.stream().filter(c -> c.offered == e).count());
    }
    capacity = policy.rule(0).capacity(rows.size(), experts(), offered.ranks(), fullest);
  }

  int capacity() {
    return capacity;
  }

  private int experts() {
    return gating.scores().cols();
  }

  List<Choice> limit() {
    if (policy.renormalize() == Renormalize.BEFORE) {
      for (var choice : choices) {
        choice.weight = divided(choice, c -> c.asked);
      }
      choices.forEach(choice -> choice.asked = choice.weight);
    }
    List<Choice> queue = new ArrayList<>(choices);
    queue.sort(order());
    List<Choice> admitted = new ArrayList<>();
    List<Choice> refused = new ArrayList<>();
    for (var choice : queue) {
      choice.weight = choice.asked;
      choice.slot =
          (int)
              queue.stream()
                  .limit(queue.indexOf(choice))
                  .filter(c -> c.offered == choice.offered)
                  .count();
      (hasRoom(choice.offered, admitted) ? admitted : refused).add(choice);
    }
    refused.forEach(choice -> choice.expert = Choices.NONE);
    numberAgain();
    if (capacity == CapacityRule.UNLIMITED) {
      choices.forEach(choice -> choice.slot = -1);
    }
    for (var choice : refused) {
      reroute(choice, admitted);
    }
    if (policy.renormalize() == Renormalize.AFTER) {
      var sums = choices.stream().map(choice -> divided(choice, c -> c.weight)).toList();
      for (int i = 0; i < sums.size(); i++) {
        choices.get(i).weight = sums.get(i);
      }
    }
    return choices;
  }

  private interface Weight {
    float of(Choice choice);
  }

  /// A choice's weight over the sum of its row's.
  private float divided(Choice choice, Weight weight) {
    float sum = 0;
    for (var other : choices) {
      sum += other.row == choice.row ? weight.of(other) : 0;
    }
    return sum > 0 ? weight.of(choice) / sum : weight.of(choice);
  }

  private Comparator<Choice> order() {
    Comparator<Choice> byRank = comparingInt(c -> c.rank);
    return switch (policy.priority()) {
      case POSITION -> comparingInt(c -> c.row);
      case RANK -> byRank;
      case PROBABILITY -> comparingDouble(c -> -score(c.row, c.offered));
      case WEIGHT -> comparingDouble(c -> -c.asked);
      case BATCH_PRIORITIZED -> byRank.thenComparing(comparingDouble(c -> -bestScore(c.row)));
      case RANDOM ->
          comparingDouble(
              c ->
                  -(float)
                      CounterRandom.uniform(
                          policy.seed() * 31 + tokens.seeds()[c.row],
                          tokens.positions()[c.row],
                          -1 - c.rank));
    };
  }

  private float score(int row, int expert) {
    return gating.scores().get(row, expert);
  }

  private float bestScore(int row) {
    float best = 0;
    for (int expert = 0; expert < experts(); expert++) {
      best = Math.max(best, score(row, expert));
    }
    return best;
  }

  private boolean shareRoom(int one, int other) {
    return policy.per() == Per.EXPERT
        ? one == other
        : placement.host(0, one) == placement.host(0, other);
  }

  private boolean hasRoom(int expert, List<Choice> admitted) {
    long places = 0;
    for (int other = 0; other < experts(); other++) {
      places += shareRoom(expert, other) ? capacity : 0;
    }
    return admitted.stream().filter(c -> shareRoom(expert, c.expert)).count() < places;
  }

  /// By position, where the order among those that were accepted has no meaning.
  private void numberAgain() {
    switch (policy.priority()) {
      case PROBABILITY, WEIGHT -> {
        for (var choice : choices) {
          if (choice.expert != Choices.NONE) {
            choice.slot =
                (int)
                    choices.stream()
                        .limit(choices.indexOf(choice))
                        .filter(c -> c.expert == choice.expert)
                        .count();
          }
        }
      }
      case POSITION, RANK, BATCH_PRIORITIZED, RANDOM -> {}
    }
  }

  private void reroute(Choice choice, List<Choice> admitted) {
    choice.weight = 0;
    if (policy.overflow() == Overflow.DROP) {
      return;
    }
    var ofRow = choices.stream().filter(c -> c.row == choice.row).toList();
    int best = Choices.NONE;
    for (int expert = 0; expert < experts(); expert++) {
      int e = expert;
      boolean allowed =
          ofRow.stream().noneMatch(c -> c.isOfferedTo(e) || c.isAt(e))
              && (policy.overflow() == Overflow.NEXT_CHOICE || isLocal(e, ofRow))
              && hasRoom(e, admitted);
      float preference = gating.preference().get(choice.row, e);
      float highest =
          best == Choices.NONE
              ? Float.NEGATIVE_INFINITY
              : gating.preference().get(choice.row, best);
      best = allowed && preference > highest ? e : best;
    }
    if (best != Choices.NONE) {
      choice.expert = best;
      choice.weight = weight(choice.row, best, ofRow);
      admitted.add(choice);
    }
  }

  private boolean isLocal(int expert, List<Choice> ofRow) {
    int host = placement.host(0, expert);
    return host != Placement.NO_HOST
        && ofRow.stream()
            .anyMatch(c -> c.expert != Choices.NONE && placement.host(0, c.expert) == host);
  }

  private float weight(int row, int expert, List<Choice> ofRow) {
    var strongest = ofRow.stream().min(comparingDouble(c -> -score(row, c.offered))).orElseThrow();
    float score = score(row, strongest.offered);
    return score == 0 ? 0 : score(row, expert) / score * strongest.asked;
  }
}
