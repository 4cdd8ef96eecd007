package io.moesaic.router.gate;

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
import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.kernel.Kernels;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/// Every [RoutingPolicy] in steps of [GatedRows]: the one place where scores become choices and
/// weights. All of it in float32; among equal scores the lower index comes first.
final class RoutingPolicies {
  /// Keeps the sum of DeepSeek's weights from being zero, as its reference does.
  private static final float SUM_EPSILON = 1e-20f;

  private RoutingPolicies() {}

  /// Random numbers of the rows, uniform in `[0, 1)`; each stream has its own.
  interface Draws {
    double uniform(int row, int stream);
  }

  /// What a batch is routed by.
  ///
  /// @param logits `[rows, experts]`, finite but in rows that are skipped; overwritten
  /// @param choiceBias `experts` floats, or null
  /// @param noiseLogits `[rows, experts]`, or null
  record Input(
      Matrix logits, float @Nullable [] choiceBias, @Nullable Matrix noiseLogits, Draws draws) {}

  /// @param rows who the rows are
  /// @param skipped rows that get no experts
  /// @throws IllegalArgumentException when the policy does not fit the number of experts
  static Gating route(
      Kernels kernels, RoutingPolicy policy, Input input, TokenRows rows, IntPredicate skipped) {
    policy.requireFits(input.logits.cols());
    var gated = new GatedRows(kernels, input.logits, policy.ranks(input.logits.cols()), skipped);
    switch (policy) {
      case Dense() -> softmaxTopK(gated, false, 1);
      case NoisyTopK(_, boolean noise, double epsilon) -> {
        if (noise) {
          var gaussian = new GateNoise(input.noiseLogits, epsilon, input.draws);
          gated.each(row -> gaussian.add(gated.scores(), row));
        }
        topKSoftmax(gated);
      }
      case GShardTop2 gshard -> gshardTop2(gated, gshard, input.draws);
      case SwitchTop1() -> softmaxTopK(gated, false, 1);
      case SoftmaxTopK(_, boolean renormalize, float scale) ->
          softmaxTopK(gated, renormalize, scale);
      case TopKSoftmax(_) -> topKSoftmax(gated);
      case GroupLimitedSoftmax limited -> groupLimitedSoftmax(gated, limited);
      case GroupLimitedSigmoid limited -> groupLimitedSigmoid(gated, limited, input.choiceBias);
      case SigmoidInput(_) -> sigmoidInput(gated);
      case ExpertChoice(double factor) -> {
        gated.each(gated::softmax);
        ExpertPicks.pick(gated, rows.byGroup(skipped), factor);
      }
      case Hash(int k, long seed) ->
          gated.each(row -> TokenHash.route(gated, row, k, seed, rows.tokens()[row]));
    }
    return gated.gating(policy instanceof SigmoidInput);
  }

  private static void softmaxTopK(GatedRows gated, boolean renormalize, float scale) {
    gated.each(
        row -> {
          gated.softmax(row);
          gated.choose(row);
          gated.weigh(row);
          if (renormalize) {
            gated.divideBySum(row, 0);
          }
          gated.scale(row, scale);
        });
  }

  private static void topKSoftmax(GatedRows gated) {
    var chosen = Matrix.allocate(1, gated.ranks());
    gated.preferLogits();
    gated.each(
        row -> {
          gated.choose(row);
          gated.weighBySoftmax(row, chosen);
          gated.softmax(row);
        });
  }

  private static void gshardTop2(GatedRows gated, GShardTop2 policy, Draws draws) {
    gated.each(
        row -> {
          gated.softmax(row);
          gated.choose(row);
          gated.weigh(row);
          switch (policy.normalize()) {
            case BEFORE -> {
              gated.divideBySum(row, 0);
              drawSecond(gated, row, policy, draws);
            }
            case AFTER -> {
              drawSecond(gated, row, policy, draws);
              gated.divideBySum(row, 0);
            }
          }
        });
  }

  private static void drawSecond(GatedRows gated, int row, GShardTop2 policy, Draws draws) {
    switch (policy.second()) {
      case ALWAYS -> {}
      case RANDOM -> {
        if (draws.uniform(row, 0) >= gated.weight(row, 1) / policy.threshold()) {
          gated.remove(row, 1);
        }
      }
    }
  }

  private static void groupLimitedSoftmax(GatedRows gated, GroupLimitedSoftmax policy) {
    var groups = gated.groups(policy.groups(), policy.topGroups(), 1);
    gated.preferOwn();
    gated.each(
        row -> {
          gated.softmax(row);
          gated.preferScores(row);
          groups.limit(gated.preference(), row, Float.NEGATIVE_INFINITY);
          gated.choose(row);
          gated.weigh(row);
          if (policy.renormalize()) {
            gated.divideBySum(row, SUM_EPSILON);
          }
          gated.scale(row, policy.scale());
        });
  }

  private static void groupLimitedSigmoid(
      GatedRows gated, GroupLimitedSigmoid policy, float @Nullable [] bias) {
    var groups = gated.groups(policy.groups(), policy.topGroups(), 2);
    float masked =
        switch (policy.mask()) {
          case MINUS_INFINITY -> Float.NEGATIVE_INFINITY;
          case ZERO -> 0;
        };
    gated.preferOwn();
    gated.each(
        row -> {
          gated.sigmoid(row);
          gated.preferScores(row);
          gated.prefer(row, bias);
          groups.limit(gated.preference(), row, masked);
          gated.choose(row);
          gated.weigh(row);
          if (policy.renormalize()) {
            gated.divideBySum(row, SUM_EPSILON);
          }
          gated.scale(row, policy.scale());
        });
  }

  private static void sigmoidInput(GatedRows gated) {
    gated.preferLogits();
    gated.each(
        row -> {
          gated.choose(row);
          gated.sigmoid(row);
          gated.weigh(row);
        });
  }
}
