package io.moesaic.router.sampling;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moesaic.router.sampling.SamplingParams.Penalties;
import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.kernel.Kernels;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// The random numbers and what is drawn by them. Seeds are fixed: a bound that holds once holds
/// always.
class DrawsTest {
  private static final int DRAWS = 100_000;

  /// The statistic of a test with `cells - 1` degrees of freedom, which has that mean and twice
  /// that variance, lies within 5 standard deviations of its mean.
  private static void assertEven(int[] counts, String what) {
    double expected = (double) IntStream.of(counts).sum() / counts.length;
    double statistic = 0;
    for (int count : counts) {
      statistic += (count - expected) * (count - expected) / expected;
    }
    int freedom = counts.length - 1;
    assertEquals(freedom, statistic, 5 * Math.sqrt(2.0 * freedom), what);
  }

  private static int[] histogram(int cells, IntToDoubleFunction uniform) {
    var counts = new int[cells];
    for (int i = 0; i < DRAWS; i++) {
      double u = uniform.applyAsDouble(i);
      assertTrue(u >= 0 && u < 1, () -> "is " + u);
      counts[(int) (u * cells)]++;
    }
    return counts;
  }

  @Test
  void numbersAreUniformOverPositionsAndOverSeeds() {
    for (long seed : new long[] {0, 1, -1, 42, Long.MIN_VALUE, 0x9e3779b97f4a7c15L}) {
      assertEven(histogram(64, i -> CounterRandom.uniform(seed, i)), "seed " + seed);
    }
    for (int position : new int[] {0, 1, 1000, Integer.MAX_VALUE}) {
      assertEven(histogram(64, i -> CounterRandom.uniform(i, position)), "position " + position);
    }
  }

  @Test
  void neighboursHaveNothingToDoWithEachOther() {
    assertEven(
        histogram(64, i -> pair(CounterRandom.uniform(7, i), CounterRandom.uniform(7, i + 1))),
        "positions");
    assertEven(
        histogram(64, i -> pair(CounterRandom.uniform(i, 3), CounterRandom.uniform(i + 1L, 3))),
        "seeds");
    // With one sum of seed and position both of these would be one number.
    assertNotEquals(CounterRandom.uniform(5, 6), CounterRandom.uniform(6, 5));
  }

  /// Two numbers of 8 steps each as one of 64.
  private static double pair(double a, double b) {
    return (Math.floor(a * 8) + b) / 8;
  }

  @Test
  void aNumberDoesNotDependOnWhichWereAskedForBefore() {
    var inOrder = IntStream.range(0, 1000).mapToDouble(i -> CounterRandom.uniform(3, i)).toArray();
    List<Integer> positions = new ArrayList<>(IntStream.range(0, 1000).boxed().toList());
    Collections.shuffle(positions, new Random(1));
    for (int position : positions) {
      assertEquals(inOrder[position], CounterRandom.uniform(3, position));
    }
  }

  @Test
  void tokensAreDrawnAsOftenAsTheyAreLikely() {
    float[] logits = {0.5f, -1, 2, 0, 1.5f, -4, 1, 0.5f};
    var all = IntStream.range(0, logits.length).boxed().toList();
    assertDrawn(logits, params(1, 1, 0, 0), all);
    assertDrawn(logits, params(0.5f, 1, 0, 0), all);
    assertDrawn(logits, params(2, 1, 0, 0), all);
    assertDrawn(logits, params(1, 1, 3, 0), List.of(2, 4, 6));
    // Their probabilities are 0.38, 0.23 and 0.14, and less than 0.09 for each of the others.
    assertDrawn(logits, params(1, 0.7f, 0, 0), List.of(2, 4, 6));
    assertDrawn(logits, params(1, 1, 0, 0.3f), List.of(2, 4, 6));
    assertDrawn(logits, params(1, 0.6f, 3, 0), List.of(2, 4));
  }

  private static SamplingParams params(float temperature, float topP, int topK, float minP) {
    return new SamplingParams(temperature, topP, topK, minP, 1, -1, Penalties.NONE, Map.of());
  }

  /// @param left the tokens that the parameters leave
  private static void assertDrawn(float[] logits, SamplingParams params, List<Integer> left) {
    var row = Matrix.allocate(1, logits.length);
    System.arraycopy(logits, 0, row.data(), 0, logits.length);
    var sampler = new Sampler(Kernels.best());
    var history = new TokenCounts(new int[0]);
    var counts = new int[logits.length];
    for (int i = 0; i < DRAWS; i++) {
      // As a server draws: every request has a seed of its own, every token a position.
      var draw = params.withSeed(i / 100);
      counts[sampler.next(row, 0, draw, history, i % 100, Set.of()).token()]++;
    }
    double sum = left.stream().mapToDouble(t -> Math.exp(logits[t] / params.temperature())).sum();
    for (int token = 0; token < logits.length; token++) {
      double p = left.contains(token) ? Math.exp(logits[token] / params.temperature()) / sum : 0;
      double deviation = Math.sqrt(p * (1 - p) / DRAWS);
      assertEquals(p, counts[token] / (double) DRAWS, 5 * deviation, token + " of " + params);
    }
  }
}
