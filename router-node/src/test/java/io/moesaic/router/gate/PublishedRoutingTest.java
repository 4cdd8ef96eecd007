package io.moesaic.router.gate;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import io.moesaic.router.gate.RoutingPolicies.Input;
import io.moesaic.router.gate.RoutingPolicy.GShardTop2;
import io.moesaic.router.gate.RoutingPolicy.GroupLimitedSigmoid;
import io.moesaic.router.gate.RoutingPolicy.GroupLimitedSigmoid.Mask;
import io.moesaic.router.gate.RoutingPolicy.SwitchTop1;
import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.kernel.Kernels;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;

/// Choices, weights and losses that others published.
class PublishedRoutingTest {
  private static final double WEIGHT = 1e-5;

  /// Half a unit of the fourth place, and what float32 adds.
  private static final double FOUR_PLACES = 5.1e-5;

  private static final double SEVEN_DIGITS = 2e-6;

  @Test
  void nllbKeepsTheSecondExpertByItsProbability() {
    var vector = Vectors.of("nllb_top2_random");
    var uniforms = Vectors.floats(vector.get("second_uniform"));
    var policy = new GShardTop2(GShardTop2.Second.RANDOM, 0.5, GShardTop2.Normalize.AFTER);
    var logits = Vectors.matrix(vector.get("logits"));
    var choices =
        RoutingPolicies.route(
                Kernels.best(),
                policy,
                new Input(logits, null, null, (row, _) -> uniforms[row]),
                TokenRows.anonymous(logits.rows(), 0),
                _ -> false)
            .choices();
    var expected = vector.get("expected_router_probs_4dp");
    assertEquals(40, choices.rows());
    for (int row = 0; row < choices.rows(); row++) {
      assertArrayEquals(
          Vectors.floats(expected.get(row)), spread(choices, row, 4), (float) FOUR_PLACES);
    }
  }

  /// A row's weights by expert.
  private static float[] spread(Choices choices, int row, int experts) {
    var weights = new float[experts];
    for (int rank = 0; rank < choices.ranks(); rank++) {
      if (choices.expert(row, rank) != Choices.NONE) {
        weights[choices.expert(row, rank)] = choices.weight(row, rank);
      }
    }
    return weights;
  }

  @Test
  void deepSeekV3MasksOtherGroupsWithMinusInfinity() {
    assertDeepSeek(Mask.MINUS_INFINITY, "fill_minus_inf");
  }

  @Test
  void deepSeekV3InTransformers4MasksOtherGroupsWithZero() {
    assertDeepSeek(Mask.ZERO, "fill_zero");
  }

  private static void assertDeepSeek(Mask mask, String name) {
    var vector = Vectors.of("dsv3_mask_divergence");
    var policy =
        new GroupLimitedSigmoid(
            vector.get("k").asInt(),
            vector.get("n_group").asInt(),
            vector.get("topk_group").asInt(),
            true,
            vector.get("routed_scaling_factor").floatValue(),
            mask);
    var scores = Vectors.floats(vector.get("sigmoid_scores"));
    var logits = Matrix.allocate(1, scores.length);
    for (int expert = 0; expert < scores.length; expert++) {
      logits.set(0, expert, (float) Math.log(scores[expert] / (1.0 - scores[expert])));
    }
    var input = new Input(logits, Vectors.floats(vector.get("bias")), null, (_, _) -> 0);
    var choices =
        RoutingPolicies.route(Kernels.best(), policy, input, TokenRows.anonymous(1, 0), _ -> false)
            .choices();
    var experts = vector.get(name).get(0);
    var weights = vector.get(name).get(1);
    for (int rank = 0; rank < 3; rank++) {
      assertEquals(experts.get(rank).asInt(), choices.expert(0, rank));
      assertEquals(weights.get(rank).floatValue(), choices.weight(0, rank), WEIGHT);
    }
  }

  @Test
  void switchChoosesOneExpertAndLosesAsPublished() {
    var vector = Vectors.of("switch_losses").get("top1_router");
    var weight = Vectors.matrix(vector.get("W_in_by_out"));
    double balance = 0;
    double z = 0;
    for (int batch = 0; batch < 2; batch++) {
      var logits = product(Vectors.matrix(vector.get("tokens").get(batch)), weight);
      z += RouterLosses.z(logits) / 2;
      var gating = Vectors.route(new SwitchTop1(), logits);
      balance += RouterLosses.balance(gating.scores(), gating.choices()) / 2;
      for (int row = 0; row < 3; row++) {
        int expert = vector.get("argmax").get(batch).get(row).asInt();
        assertEquals(expert, gating.choices().expert(row, 0));
        assertEquals(gating.scores().get(row, expert), gating.choices().weight(row, 0));
      }
    }
    assertEquals(vector.get("aux").doubleValue(), balance, SEVEN_DIGITS);
    assertEquals(vector.get("z").doubleValue(), z, SEVEN_DIGITS);
  }

  private static Matrix product(Matrix tokens, Matrix weight) {
    var product = Matrix.allocate(tokens.rows(), weight.cols());
    for (int row = 0; row < tokens.rows(); row++) {
      for (int col = 0; col < weight.cols(); col++) {
        float sum = 0;
        for (int k = 0; k < weight.rows(); k++) {
          sum += tokens.get(row, k) * weight.get(k, col);
        }
        product.set(row, col, sum);
      }
    }
    return product;
  }

  @Test
  void theBalanceLossIsThatOfSwitchTransformers() {
    var vector = Vectors.of("switch_losses").get("balance");
    var experts = vector.get("expert_indices");
    var choices =
        new Choices(
            5,
            1,
            IntStream.range(0, 5).map(row -> experts.get(row).asInt()).toArray(),
            new float[5]);
    assertEquals(
        vector.get("expected").doubleValue(),
        RouterLosses.balance(Vectors.matrix(vector.get("router_probs")), choices),
        SEVEN_DIGITS);
  }

  @Test
  void theZLossIsThatOfSwitchTransformers() {
    var vector = Vectors.of("switch_losses");
    double z = 0;
    for (JsonNode group : vector.get("z_loss_logits")) {
      z += RouterLosses.z(Vectors.matrix(group)) / vector.get("z_loss_logits").size();
    }
    assertEquals(vector.get("z_loss_expected").doubleValue(), z, SEVEN_DIGITS);
  }

  @Test
  void lossesOfNoTokensAreZero() {
    var none = new Choices(0, 1, new int[0], new float[0]);
    assertEquals(0, RouterLosses.balance(Matrix.allocate(0, 4), none));
    assertEquals(0, RouterLosses.z(Matrix.allocate(0, 4)));
  }

  @Test
  void expertsPickTheTokensThatVmoeGivesThem() {
    var vector = Vectors.of("vmoe_top2_cap2");
    var gates = Vectors.matrix(vector.get("gates"));
    int[] rows = {0, 1, 2};
    var dispatch = new float[3][3][2];
    var combine = new float[3][3][2];
    for (int expert = 0; expert < 3; expert++) {
      int[] best = ExpertPicks.best(gates, expert, rows, 2);
      for (int slot = 0; slot < best.length; slot++) {
        dispatch[best[slot]][expert][slot] = 1;
        combine[best[slot]][expert][slot] = gates.get(best[slot], expert);
      }
    }
    for (int row = 0; row < 3; row++) {
      for (int expert = 0; expert < 3; expert++) {
        assertArrayEquals(
            Vectors.floats(vector.get("expert_choice_dispatch").get(row).get(expert)),
            dispatch[row][expert]);
        assertArrayEquals(
            Vectors.floats(vector.get("expert_choice_combine").get(row).get(expert)),
            combine[row][expert]);
      }
    }
  }
}
