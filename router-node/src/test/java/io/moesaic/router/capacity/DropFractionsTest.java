package io.moesaic.router.capacity;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moesaic.router.capacity.CapacityPolicy.Priority;
import io.moesaic.router.capacity.CapacityRule.Formula;
import io.moesaic.router.gate.Choices;
import io.moesaic.router.gate.Gating;
import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.kernel.Kernels;
import io.moesaic.tensor.kernel.Randoms;
import java.lang.foreign.Arena;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// How much is dropped when tokens choose at random, against a simulation that others can repeat in
/// a few lines: k experts without replacement, with probabilities as `1 / rank^skew`.
class DropFractionsTest {
  private static final double[] FACTORS = {1, 1.25, 1.5, 2};

  private final Randoms random = new Randoms(Arena.ofAuto());

  @ParameterizedTest
  @CsvSource({
    // experts, k, tokens, skew, max / mean, Gini, dropped at 1, 1.25, 1.5 and 2
    "8, 2, 64, 0, 1.37, .114, .085, .019, .002, 0",
    "8, 2, 512, 0, 1.12, .040, .030, .0001, 0, 0",
    "8, 2, 512, .5, 1.70, .180, .138, .064, .026, 0",
    "8, 2, 512, 1, 2.51, .337, .260, .191, .132, .064",
    "64, 8, 512, 0, 1.28, .065, .046, .001, 0, 0",
    "64, 8, 512, .5, 3.66, .261, .191, .129, .091, .046",
    "64, 8, 512, 1, 7.10, .502, .387, .331, .286, .217",
    "128, 8, 512, .5, 5.32, .298, .215, .154, .115, .070",
    "256, 8, 512, 0, 1.76, .139, .098, .022, .003, 0",
    "256, 8, 4096, 0, 1.27, .049, .035, .0001, 0, 0",
    "128, 1, 4096, 0, 1.49, .098, .070, .006, .0003, 0"
  })
  void areThoseOfASimulation(
      int experts,
      int k,
      int tokens,
      double skew,
      double maxOverMean,
      double gini,
      double at1,
      double at125,
      double at15,
      double at2) {
    double[] expected = {at1, at125, at15, at2};
    int draws = tokens == 64 ? 60 : tokens == 4096 ? 3 : 12;
    var dropped = new double[FACTORS.length];
    double unevenness = 0;
    double inequality = 0;
    for (int draw = 0; draw < draws; draw++) {
      var gating = draw(experts, k, tokens, skew);
      for (int i = 0; i < FACTORS.length; i++) {
        var rule = CapacityRule.of(Formula.MEGATRON, FACTORS[i]);
        var counters = new RoutingCounters(1, experts);
        counters.add(0, Limited.admit(gating, Limited.dropping(rule, Priority.POSITION)));
        var load = counters.snapshot().getFirst();
        dropped[i] += (double) load.totals().dropped() / load.totals().offered() / draws;
        unevenness += load.maxOverMean() / draws / FACTORS.length;
        inequality += load.gini() / draws / FACTORS.length;
      }
    }
    assertEquals(maxOverMean, unevenness, 0.12 * maxOverMean, random.seed());
    assertEquals(gini, inequality, 0.012, random.seed());
    for (int i = 0; i < FACTORS.length; i++) {
      var message = "at a factor of " + FACTORS[i] + ", " + random.seed();
      assertEquals(expected[i], dropped[i], 0.012, message);
    }
  }

  /// The largest of `log(p) + Gumbel noise` are a draw without replacement.
  private Gating draw(int experts, int k, int tokens, double skew) {
    var scores = Matrix.allocate(tokens, experts);
    var chosen = new int[tokens * k];
    for (int row = 0; row < tokens; row++) {
      for (int expert = 0; expert < experts; expert++) {
        double u = (random.between(0, 1 << 30) + 0.5) / (2.0 + (1 << 30));
        double gumbel = -Math.log(-Math.log(u));
        scores.set(row, expert, (float) (gumbel - skew * Math.log(expert + 1)));
      }
      Kernels.best().topK(scores, row, k, chosen, row * k);
      Kernels.best().softmax(scores, row, 0, experts, 1);
    }
    return new Gating(new Choices(tokens, k, chosen, new float[tokens * k]), scores, scores);
  }
}
