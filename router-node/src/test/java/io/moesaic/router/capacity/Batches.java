package io.moesaic.router.capacity;

import io.moesaic.router.capacity.CapacityPolicy.Overflow;
import io.moesaic.router.capacity.CapacityPolicy.Per;
import io.moesaic.router.capacity.CapacityPolicy.Priority;
import io.moesaic.router.capacity.CapacityPolicy.Renormalize;
import io.moesaic.router.capacity.CapacityPolicy.Scope;
import io.moesaic.router.capacity.CapacityRule.Formula;
import io.moesaic.router.capacity.CapacityRule.Rounding;
import io.moesaic.router.gate.Choices;
import io.moesaic.router.gate.Gating;
import io.moesaic.router.gate.TokenRows;
import io.moesaic.router.placement.Placement;
import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.kernel.Kernels;
import io.moesaic.tensor.kernel.Randoms;
import java.util.BitSet;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.stream.IntStream;

/// Random batches of a layer's choices, small enough that many of them meet every corner.
final class Batches {
  private final Randoms random;

  Batches(Randoms random) {
    this.random = random;
  }

  /// A batch and how it is limited.
  ///
  /// @param limits of each of the three groups
  record Batch(
      Gating gating,
      TokenRows tokens,
      List<CapacityPolicy> limits,
      Placement placement,
      BitSet skipped) {
    Admission admit() {
      return CapacityLimiter.admit(
          0, gating, Limited.rows(tokens, limits), placement, skipped::get);
    }

    /// The rows of a group that take part.
    List<Integer> rows(int group) {
      return IntStream.range(0, tokens.count())
          .filter(row -> tokens.groups()[row] == group && !skipped.get(row))
          .boxed()
          .toList();
    }

    Batch limitedBy(CapacityPolicy policy) {
      return new Batch(gating, tokens, List.of(policy, policy, policy), placement, skipped);
    }
  }

  Batch any() {
    int rows = random.between(0, 24);
    int experts = random.between(1, 12);
    int ranks = random.between(1, experts);
    var gating = gating(rows, experts, ranks, random.between(0, 2) == 0);
    var hosts = IntStream.range(0, experts).map(_ -> random.between(-1, 3)).toArray();
    var skipped = new BitSet();
    for (int row = 0; row < rows; row++) {
      skipped.set(row, random.between(0, 9) == 0);
    }
    return new Batch(
        gating,
        tokens(rows),
        List.of(policy(), random.between(0, 3) == 0 ? CapacityPolicy.DROPLESS : policy(), policy()),
        Limited.placement(hosts),
        skipped);
  }

  /// Scores are a softmax; a row may lack some of its choices, and may not want some experts.
  ///
  /// @param coarse whether many scores are equal
  Gating gating(int rows, int experts, int ranks, boolean coarse) {
    var scores = random.matrix(rows, experts);
    var preference = Matrix.allocate(rows, experts);
    var chosen = new int[rows * ranks];
    var weights = new float[rows * ranks];
    boolean renormalized = random.between(0, 1) == 0;
    for (int row = 0; row < rows; row++) {
      for (int expert = 0; expert < experts && coarse; expert++) {
        scores.set(row, expert, Math.round(scores.get(row, expert)));
      }
      Kernels.scalar().softmax(scores, row, 0, experts, 1);
      preference.copyRow(row, scores, row);
      Kernels.scalar().topK(preference, row, ranks, chosen, row * ranks);
      float sum = 0;
      for (int rank = 0; rank < ranks; rank++) {
        sum += scores.get(row, chosen[row * ranks + rank]);
      }
      for (int rank = 0; rank < ranks; rank++) {
        int at = row * ranks + rank;
        weights[at] = scores.get(row, chosen[at]) / (renormalized ? sum : 1);
        if (random.between(0, 14) == 0) {
          chosen[at] = Choices.NONE;
          weights[at] = 0;
        }
      }
      preference.set(row, random.between(0, experts - 1), Float.NEGATIVE_INFINITY);
    }
    return new Gating(new Choices(rows, ranks, chosen, weights), scores, preference);
  }

  private TokenRows tokens(int rows) {
    return new TokenRows(
        new int[rows],
        IntStream.range(0, rows).toArray(),
        IntStream.range(0, rows).mapToLong(_ -> random.between(0, 3)).toArray(),
        IntStream.range(0, rows).map(_ -> random.between(0, 2)).toArray());
  }

  private CapacityPolicy policy() {
    SortedMap<Integer, Double> layers = new TreeMap<>();
    var rule = rule();
    if (random.between(0, 3) == 0) {
      layers.put(random.between(0, 1), random.between(1, 20) / 10.0);
    }
    return new CapacityPolicy(
        rule,
        layers,
        Scope.STEP,
        one(Per.values()),
        one(Priority.values()),
        one(new Overflow[] {Overflow.DROP, Overflow.NEXT_CHOICE, Overflow.LOCAL}),
        one(Renormalize.values()),
        random.between(0, 9));
  }

  private CapacityRule rule() {
    var formula = one(Formula.values());
    if (formula == Formula.FIXED) {
      return CapacityRule.fixed(random.between(1, 6));
    }
    double least = formula == Formula.TUTEL ? -20 : formula == Formula.MEGABLOCKS ? 0 : 1;
    return new CapacityRule(
        formula,
        random.between((int) least, 20) / 10.0,
        one(Rounding.values()),
        random.between(0, 2),
        random.between(1, 2),
        random.between(0, 1) == 0);
  }

  <T> T one(T[] of) {
    return of[random.between(0, of.length - 1)];
  }
}
