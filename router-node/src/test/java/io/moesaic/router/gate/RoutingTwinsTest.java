package io.moesaic.router.gate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moesaic.router.gate.PlainRouting.Choice;
import io.moesaic.router.gate.PlainRouting.Row;
import io.moesaic.router.gate.RoutingPolicies.Draws;
import io.moesaic.router.gate.RoutingPolicies.Input;
import io.moesaic.router.gate.RoutingPolicy.Dense;
import io.moesaic.router.gate.RoutingPolicy.ExpertChoice;
import io.moesaic.router.gate.RoutingPolicy.GShardTop2;
import io.moesaic.router.gate.RoutingPolicy.GroupLimitedSigmoid;
import io.moesaic.router.gate.RoutingPolicy.GroupLimitedSoftmax;
import io.moesaic.router.gate.RoutingPolicy.Hash;
import io.moesaic.router.gate.RoutingPolicy.NoisyTopK;
import io.moesaic.router.gate.RoutingPolicy.SigmoidInput;
import io.moesaic.router.gate.RoutingPolicy.SoftmaxTopK;
import io.moesaic.router.gate.RoutingPolicy.SwitchTop1;
import io.moesaic.router.gate.RoutingPolicy.TopKSoftmax;
import io.moesaic.router.sampling.CounterRandom;
import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.kernel.Kernels;
import io.moesaic.tensor.kernel.Randoms;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.function.Function;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/// Every policy against its plain twin, by bits.
class RoutingTwinsTest {
  private static final int[] EXPERTS = {1, 2, 3, 7, 8, 16, 17, 60, 64, 65, 130, 256};
  private static final int[] ROWS = {0, 1, 3, 17};

  private final Randoms random = new Randoms(Arena.ofAuto());

  /// A batch of which every second has equal scores, and some rows take no part.
  private final class Batch {
    final Matrix logits;
    final float @Nullable [] bias;
    final @Nullable Matrix noise;
    final TokenRows rows;
    final BitSet skipped = new BitSet();

    Batch(int count, int experts) {
      boolean coarse = random.between(0, 1) == 0;
      logits = random.matrix(count, experts);
      for (int row = 0; row < count; row++) {
        for (int expert = 0; expert < experts; expert++) {
          float value = logits.get(row, expert) * 2;
          logits.set(row, expert, coarse ? Math.round(value) : value);
        }
        skipped.set(row, random.between(0, 4) == 0);
      }
      bias = random.between(0, 1) == 0 ? null : random.floats(experts);
      noise = random.between(0, 1) == 0 ? null : random.matrix(count, experts);
      rows =
          new TokenRows(
              IntStream.range(0, count).map(_ -> random.between(0, 9)).toArray(),
              IntStream.range(0, count).toArray(),
              IntStream.range(0, count).mapToLong(_ -> random.between(0, 9)).toArray(),
              IntStream.range(0, count).map(_ -> random.between(0, 2)).toArray());
    }

    double draw(int row, int stream) {
      return CounterRandom.uniform(rows.seeds()[row], rows.positions()[row], stream);
    }

    Gating route(RoutingPolicy policy) {
      Draws draws = this::draw;
      return RoutingPolicies.route(
          Kernels.best(),
          policy,
          new Input(random.copy(logits), bias, noise, draws),
          rows,
          skipped::get);
    }

    Row plain(int row) {
      return new Row(
          floats(logits, row),
          bias,
          noise == null ? null : floats(noise, row),
          stream -> draw(row, stream),
          rows.tokens()[row]);
    }
  }

  private static float[] floats(Matrix matrix, int row) {
    var floats = new float[matrix.cols()];
    System.arraycopy(matrix.data(), matrix.at(row), floats, 0, floats.length);
    return floats;
  }

  private void assertSame(List<Choice> expected, Choices choices, int row, String what) {
    for (int rank = 0; rank < choices.ranks(); rank++) {
      var message = what + ", row " + row + ", rank " + rank + ", " + random.seed();
      boolean there = rank < expected.size();
      assertEquals(
          there ? expected.get(rank).expert() : Choices.NONE, choices.expert(row, rank), message);
      assertEquals(
          Float.floatToRawIntBits(there ? expected.get(rank).weight() : 0),
          Float.floatToRawIntBits(choices.weight(row, rank)),
          message);
    }
  }

  /// @param policies of a number of experts
  private void assertTwins(Function<Integer, RoutingPolicy> policies, int least) {
    for (int experts : EXPERTS) {
      for (int count : ROWS) {
        if (experts >= least) {
          var batch = new Batch(count, experts);
          var policy = policies.apply(experts);
          var gating = batch.route(policy);
          assertEquals(policy instanceof SigmoidInput, gating.choices().weighsInput());
          for (int row = 0; row < count; row++) {
            var expected =
                batch.skipped.get(row)
                    ? List.<Choice>of()
                    : PlainRouting.route(policy, batch.plain(row));
            assertSame(expected, gating.choices(), row, policy + " of " + experts);
            assertMayBeTaken(gating, row);
          }
        }
      }
    }
  }

  /// What a row chose is what it prefers, and no score is negative.
  private void assertMayBeTaken(Gating gating, int row) {
    for (int rank = 0; rank < gating.choices().ranks(); rank++) {
      int expert = gating.choices().expert(row, rank);
      if (expert != Choices.NONE) {
        assertTrue(gating.scores().get(row, expert) >= 0, random.seed());
        assertTrue(gating.preference().get(row, expert) > Float.NEGATIVE_INFINITY, random.seed());
      }
    }
  }

  private int k(int experts) {
    return random.between(1, Math.min(experts, 9));
  }

  @Test
  void dense() {
    assertTwins(_ -> new Dense(), 1);
  }

  @Test
  void switchTop1() {
    assertTwins(_ -> new SwitchTop1(), 1);
  }

  @Test
  void softmaxTopK() {
    assertTwins(experts -> new SoftmaxTopK(k(experts), false, 1), 1);
    assertTwins(experts -> new SoftmaxTopK(k(experts), true, 1), 1);
    assertTwins(experts -> new SoftmaxTopK(k(experts), true, 2.5f), 1);
  }

  @Test
  void topKSoftmax() {
    assertTwins(experts -> new TopKSoftmax(k(experts)), 1);
  }

  @Test
  void noisyTopK() {
    assertTwins(experts -> new NoisyTopK(k(experts), true, 0.01), 1);
    assertTwins(experts -> new NoisyTopK(k(experts), false, 0.01), 1);
  }

  @Test
  void gshardTop2() {
    for (var second : GShardTop2.Second.values()) {
      for (var normalize : GShardTop2.Normalize.values()) {
        for (double threshold : new double[] {0.2, 0.5, 1}) {
          assertTwins(_ -> new GShardTop2(second, threshold, normalize), 2);
        }
      }
    }
  }

  /// Group counts that divide the experts.
  private int groups(int experts, int leastSize) {
    var divisors =
        IntStream.rangeClosed(1, experts)
            .filter(g -> experts % g == 0 && (g == 1 || experts / g >= leastSize))
            .toArray();
    return divisors[random.between(0, divisors.length - 1)];
  }

  @Test
  void groupLimitedSoftmax() {
    for (boolean renormalize : new boolean[] {true, false}) {
      assertTwins(
          experts -> {
            int groups = groups(experts, 1);
            int top = random.between(1, groups);
            return new GroupLimitedSoftmax(
                k(experts / groups * top), groups, top, renormalize, 1.5f);
          },
          1);
    }
  }

  @Test
  void groupLimitedSigmoid() {
    for (var mask : GroupLimitedSigmoid.Mask.values()) {
      for (boolean renormalize : new boolean[] {true, false}) {
        assertTwins(
            experts -> {
              int groups = groups(experts, 2);
              int top = random.between(1, groups);
              return new GroupLimitedSigmoid(
                  k(experts / groups * top), groups, top, renormalize, 2.5f, mask);
            },
            1);
      }
    }
  }

  @Test
  void sigmoidInput() {
    assertTwins(experts -> new SigmoidInput(k(experts)), 1);
  }

  @Test
  void hash() {
    assertTwins(experts -> new Hash(k(experts), 7), 1);
  }

  @Test
  void expertChoice() {
    for (int experts : EXPERTS) {
      for (int count : ROWS) {
        double factor = random.between(1, 30) / 10.0;
        var batch = new Batch(count, experts);
        var choices = batch.route(new ExpertChoice(factor)).choices();
        for (int group = 0; group < 3; group++) {
          assertGroup(group, factor, batch, choices);
        }
      }
    }
  }

  private void assertGroup(int group, double factor, Batch batch, Choices choices) {
    List<Integer> members = new ArrayList<>();
    for (int row = 0; row < batch.logits.rows(); row++) {
      if (batch.skipped.get(row)) {
        assertSame(List.of(), choices, row, "skipped");
      } else if (batch.rows.groups()[row] == group) {
        members.add(row);
      }
    }
    var expected =
        PlainRouting.expertChoice(
            factor, members.stream().map(row -> floats(batch.logits, row)).toList());
    for (int i = 0; i < members.size(); i++) {
      assertSame(expected.get(i), choices, members.get(i), "expert choice " + factor);
    }
  }

  @Test
  void aRowIsRoutedAloneAsInCompany() {
    for (var policy :
        List.of(
            new Dense(),
            new NoisyTopK(3, true, 0.01),
            new GShardTop2(GShardTop2.Second.RANDOM, 0.5, GShardTop2.Normalize.BEFORE),
            new GroupLimitedSigmoid(3, 5, 2, true, 1, GroupLimitedSigmoid.Mask.MINUS_INFINITY),
            new SigmoidInput(2),
            new Hash(4, 1))) {
      var batch = new Batch(17, 65);
      var together = batch.route(policy).choices();
      for (int row = 0; row < 17; row++) {
        int only = row;
        var alone =
            RoutingPolicies.route(
                    Kernels.best(),
                    policy,
                    new Input(
                        random.copy(batch.logits.rows(row, 1)),
                        batch.bias,
                        batch.noise == null ? null : batch.noise.rows(row, 1),
                        (_, stream) -> batch.draw(only, stream)),
                    new TokenRows(
                        new int[] {batch.rows.tokens()[row]}, new int[1], new long[1], new int[1]),
                    _ -> batch.skipped.get(only))
                .choices();
        for (int rank = 0; rank < together.ranks(); rank++) {
          assertEquals(together.expert(row, rank), alone.expert(0, rank), random.seed());
          assertEquals(together.weight(row, rank), alone.weight(0, rank), random.seed());
        }
      }
    }
  }
}
