package io.moesaic.router.gate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moesaic.router.gate.RoutingPolicy.GShardTop2;
import io.moesaic.router.sampling.CounterRandom;
import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.kernel.Kernels;
import org.junit.jupiter.api.Test;

/// What is drawn, and what is hashed, is spread as it should be. The seeds are fixed: these tests
/// have one outcome.
class RandomnessTest {
  private static final int DRAWS = 20_000;

  private static double uniform(int row, int stream) {
    return CounterRandom.uniform(17, row, stream);
  }

  @Test
  void noiseIsNormalWithTheDeviationOfItsLogit() {
    // softplus(0) = log 2
    var noise = new GateNoise(Matrix.allocate(DRAWS, 1), 0.01, RandomnessTest::uniform);
    var logits = Matrix.allocate(DRAWS, 1);
    double sum = 0;
    double squares = 0;
    double within = 0;
    double deviation = Math.log(2) + 0.01;
    for (int row = 0; row < DRAWS; row++) {
      noise.add(logits, row);
      sum += logits.get(row, 0);
      squares += logits.get(row, 0) * logits.get(row, 0);
      within += Math.abs(logits.get(row, 0)) < deviation ? 1 : 0;
    }
    assertEquals(0, sum / DRAWS, 0.02);
    assertEquals(deviation, Math.sqrt(squares / DRAWS), 0.01);
    assertEquals(0.6827, within / DRAWS, 0.01);
  }

  @Test
  void noiseWithoutLogitsHasTheDeviationEpsilon() {
    var noise = new GateNoise(null, 0.5, RandomnessTest::uniform);
    var logits = Matrix.allocate(DRAWS, 1);
    double squares = 0;
    for (int row = 0; row < DRAWS; row++) {
      noise.add(logits, row);
      squares += logits.get(row, 0) * logits.get(row, 0);
    }
    assertEquals(0.5, Math.sqrt(squares / DRAWS), 0.01);
  }

  @Test
  void theSecondExpertIsKeptAsOftenAsItsGateSays() {
    var policy = new GShardTop2(GShardTop2.Second.RANDOM, 0.5, GShardTop2.Normalize.BEFORE);
    var logits = Matrix.allocate(DRAWS, 3);
    for (int row = 0; row < DRAWS; row++) {
      logits.set(row, 0, 2);
      logits.set(row, 1, 1);
      logits.set(row, 2, -50);
    }
    var choices =
        RoutingPolicies.route(
                Kernels.best(),
                policy,
                new RoutingPolicies.Input(logits, null, null, RandomnessTest::uniform),
                TokenRows.anonymous(DRAWS, 0),
                _ -> false)
            .choices();
    double kept = 0;
    for (int row = 0; row < DRAWS; row++) {
      kept += choices.expert(row, 1) == Choices.NONE ? 0 : 1;
    }
    double gate = 1 / (1 + Math.E);
    assertEquals(gate / 0.5, kept / DRAWS, 0.01);
  }

  @Test
  void hashesSpreadTokensOverAllExperts() {
    for (int rank = 0; rank < 2; rank++) {
      var counts = new int[60];
      int same = 0;
      for (int token = 0; token < DRAWS; token++) {
        int expert = TokenHash.expert(token, rank, 3, 60);
        counts[expert]++;
        same += expert == TokenHash.expert(token, rank, 4, 60) ? 1 : 0;
      }
      for (int count : counts) {
        assertEquals(DRAWS / 60.0, count, 75);
      }
      assertTrue(same < DRAWS / 30, "another seed is another function: " + same);
    }
  }
}
