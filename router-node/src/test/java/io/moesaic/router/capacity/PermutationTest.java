package io.moesaic.router.capacity;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moesaic.router.capacity.CapacityPolicy.Overflow;
import io.moesaic.router.capacity.CapacityPolicy.Priority;
import io.moesaic.router.capacity.CapacityPolicy.Renormalize;
import io.moesaic.router.gate.Choices;
import io.moesaic.router.gate.Gating;
import io.moesaic.router.gate.TokenRows;
import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.kernel.Randoms;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.function.Supplier;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// When the order of a batch decides nothing.
class PermutationTest {
  private static final int CASES = 10_000;

  private final Randoms random = new Randoms(Arena.ofAuto());
  private final Batches batches = new Batches(random);

  private static CapacityPolicy with(CapacityRule rule, Priority priority, Overflow overflow) {
    return Limited.policy(rule, priority, overflow, Renormalize.NEVER);
  }

  private static void assertSameBits(float expected, float actual, Supplier<String> message) {
    assertEquals(Float.floatToRawIntBits(expected), Float.floatToRawIntBits(actual), message);
  }

  /// Without ties, the order of the batch decides nothing with these priorities.
  @Test
  void permutedTokensGetThePermutedResult() {
    var priorities =
        new Priority[] {
          Priority.PROBABILITY, Priority.WEIGHT, Priority.BATCH_PRIORITIZED, Priority.RANDOM
        };
    for (int i = 0; i < CASES; i++) {
      int rows = random.between(1, 24);
      int experts = random.between(1, 12);
      var gating = batches.gating(rows, experts, random.between(1, experts), false);
      if (hasTies(gating)) {
        continue;
      }
      var overflow = batches.one(new Overflow[] {Overflow.DROP, Overflow.NEXT_CHOICE});
      var policy =
          with(CapacityRule.fixed(random.between(1, 4)), batches.one(priorities), overflow);
      var order = permutation(rows);
      var admission = admit(gating, positions(rows), policy);
      var permuted = admit(permuted(gating, order), order, policy);
      for (int row = 0; row < rows; row++) {
        for (int rank = 0; rank < gating.choices().ranks(); rank++) {
          Supplier<String> message = () -> random.seed() + " " + policy;
          assertEquals(
              admission.admitted().expert(order[row], rank),
              permuted.admitted().expert(row, rank),
              message);
          assertSameBits(
              admission.admitted().weight(order[row], rank),
              permuted.admitted().weight(row, rank),
              message);
        }
      }
    }
  }

  private static boolean hasTies(Gating gating) {
    var choices = gating.choices();
    int all = choices.rows() * choices.ranks();
    long scores =
        IntStream.range(0, all)
            .filter(i -> expert(choices, i) != Choices.NONE)
            .mapToObj(i -> gating.scores().get(i / choices.ranks(), expert(choices, i)))
            .distinct()
            .count();
    long weights =
        IntStream.range(0, all)
            .filter(i -> expert(choices, i) != Choices.NONE)
            .mapToObj(i -> choices.weight(i / choices.ranks(), i % choices.ranks()))
            .distinct()
            .count();
    long there = IntStream.range(0, all).filter(i -> expert(choices, i) != Choices.NONE).count();
    return scores < there || weights < there;
  }

  private static int expert(Choices choices, int i) {
    return choices.expert(i / choices.ranks(), i % choices.ranks());
  }

  private static int[] positions(int rows) {
    return IntStream.range(0, rows).toArray();
  }

  private int[] permutation(int rows) {
    var order = positions(rows);
    for (int i = rows - 1; i > 0; i--) {
      int other = random.between(0, i);
      int swapped = order[i];
      order[i] = order[other];
      order[other] = swapped;
    }
    return order;
  }

  private static Gating permuted(Gating gating, int[] order) {
    var choices = gating.choices();
    var experts = new int[order.length * choices.ranks()];
    var scores = Matrix.allocate(order.length, gating.scores().cols());
    var preference = Matrix.allocate(order.length, gating.scores().cols());
    var permuted = new Choices(order.length, choices.ranks(), experts, new float[experts.length]);
    for (int row = 0; row < order.length; row++) {
      scores.copyRow(row, gating.scores(), order[row]);
      preference.copyRow(row, gating.preference(), order[row]);
      for (int rank = 0; rank < choices.ranks(); rank++) {
        permuted.set(row, rank, choices.expert(order[row], rank), choices.weight(order[row], rank));
      }
    }
    return new Gating(permuted, scores, preference);
  }

  private static Admission admit(Gating gating, int[] positions, CapacityPolicy policy) {
    int rows = positions.length;
    var tokens = new TokenRows(new int[rows], positions, new long[rows], new int[rows]);
    var placement = Limited.placement(new int[gating.scores().cols()]);
    return CapacityLimiter.admit(
        0, gating, Limited.rows(tokens, List.of(policy)), placement, _ -> false);
  }

  @Test
  void aRandomOrderDoesNotDependOnWhoIsBeforeInTheBatch() {
    var policy = with(CapacityRule.fixed(2), Priority.RANDOM, Overflow.DROP);
    for (int i = 0; i < 100; i++) {
      var gating = batches.gating(12, 4, 2, true);
      var groups = IntStream.range(0, 12).map(row -> row < 6 ? 0 : 1).toArray();
      var positions = IntStream.range(0, 12).map(row -> row % 6).toArray();
      var seeds = IntStream.range(0, 12).mapToLong(row -> row < 6 ? 1 : 2).toArray();
      var placement = Limited.placement(new int[4]);
      var together =
          CapacityLimiter.admit(
              0,
              gating,
              Limited.rows(
                  new TokenRows(new int[12], positions, seeds, groups), List.of(policy, policy)),
              placement,
              _ -> false);
      var order = IntStream.range(6, 12).toArray();
      var alone =
          CapacityLimiter.admit(
              0,
              permuted(gating, order),
              Limited.rows(
                  new TokenRows(
                      new int[6],
                      IntStream.range(0, 6).toArray(),
                      IntStream.range(0, 6).mapToLong(_ -> 2).toArray(),
                      new int[6]),
                  List.of(policy)),
              placement,
              _ -> false);
      for (int row = 0; row < 6; row++) {
        for (int rank = 0; rank < 2; rank++) {
          assertEquals(
              together.admitted().expert(row + 6, rank),
              alone.admitted().expert(row, rank),
              random.seed());
        }
      }
    }
  }
}
