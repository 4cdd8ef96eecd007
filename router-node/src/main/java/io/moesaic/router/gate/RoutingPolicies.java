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
import io.moesaic.tensor.kernel.Exp;
import io.moesaic.tensor.kernel.Kernels;
import java.util.Arrays;
import java.util.function.IntPredicate;
import org.jspecify.annotations.Nullable;

/// The arithmetic of every [RoutingPolicy]: the one place where scores become choices and weights.
/// All of it in float32; among equal scores the lower index comes first. One object routes one
/// batch.
final class RoutingPolicies {
  /// Keeps the sum of DeepSeek-V3's weights from being zero, as its reference does.
  private static final float SUM_EPSILON = 1e-20f;

  private final Kernels kernels;
  private final Matrix logits;
  private final float @Nullable [] choiceBias;
  private final @Nullable Matrix noiseLogits;
  private final IntPredicate skipped;
  private final Draws draws;
  private final int expertCount;

  private int ranks;
  private int[] experts = {};
  private float[] weights = {};
  private Matrix scores;
  private Matrix preference;

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

  private RoutingPolicies(Kernels kernels, Input input, IntPredicate skipped) {
    this.kernels = kernels;
    this.logits = input.logits;
    this.choiceBias = input.choiceBias;
    this.noiseLogits = input.noiseLogits;
    this.draws = input.draws;
    this.skipped = skipped;
    expertCount = logits.cols();
    scores = logits;
    preference = logits;
  }

  /// @param rows who the rows are
  /// @param skipped rows that get no experts
  static Gating route(
      Kernels kernels, RoutingPolicy policy, Input input, TokenRows rows, IntPredicate skipped) {
    return new RoutingPolicies(kernels, input, skipped).route(policy, rows);
  }

  private Gating route(RoutingPolicy policy, TokenRows rows) {
    ranks = policy.ranks(expertCount);
    experts = new int[logits.rows() * ranks];
    weights = new float[logits.rows() * ranks];
    Arrays.fill(experts, Choices.NONE);
    switch (policy) {
      case Dense() -> eachRow(this::dense);
      case NoisyTopK(_, boolean noise, double epsilon) -> {
        if (noise) {
          eachRow(row -> addNoise(row, epsilon));
        }
        topKSoftmax();
      }
      case GShardTop2 gshard -> eachRow(row -> gshardTop2(row, gshard));
      case SwitchTop1() -> eachRow(row -> softmaxTopK(row, false, 1));
      case SoftmaxTopK(_, boolean renormalize, float scale) ->
          eachRow(row -> softmaxTopK(row, renormalize, scale));
      case TopKSoftmax(_) -> topKSoftmax();
      case GroupLimitedSoftmax limited -> groupLimitedSoftmax(limited);
      case GroupLimitedSigmoid limited -> groupLimitedSigmoid(limited);
      case SigmoidInput(_) -> sigmoidInput();
      case ExpertChoice(double factor) -> expertChoice(factor, rows);
      case Hash(int k, long seed) -> eachRow(row -> hash(row, k, seed, rows.tokens()[row]));
    }
    boolean weighsInput = policy instanceof SigmoidInput;
    var choices = new Choices(logits.rows(), ranks, experts, weights, weighsInput);
    return new Gating(choices, scores, preference);
  }

  private interface RowRule {
    void route(int row);
  }

  private void eachRow(RowRule rule) {
    for (int row = 0; row < logits.rows(); row++) {
      if (!skipped.test(row)) {
        rule.route(row);
      }
    }
  }

  // ---- softmax over all experts

  private void dense(int row) {
    softmax(row);
    choose(row, scores);
    weigh(row, scores, 1);
  }

  private void softmaxTopK(int row, boolean renormalize, float scale) {
    softmax(row);
    choose(row, scores);
    weigh(row, scores, 1);
    if (renormalize) {
      divideBySum(row, 0);
    }
    scale(row, scale);
  }

  private void gshardTop2(int row, GShardTop2 policy) {
    softmax(row);
    choose(row, scores);
    weigh(row, scores, 1);
    int second = row * ranks + 1;
    if (policy.normalize() == GShardTop2.Normalize.BEFORE) {
      divideBySum(row, 0);
    }
    double kept = weights[second] / policy.threshold();
    if (policy.second() == GShardTop2.Second.RANDOM && draws.uniform(row, 0) >= kept) {
      experts[second] = Choices.NONE;
      weights[second] = 0;
    }
    if (policy.normalize() == GShardTop2.Normalize.AFTER) {
      divideBySum(row, 0);
    }
  }

  private void groupLimitedSoftmax(GroupLimitedSoftmax policy) {
    preference = Matrix.allocate(logits.rows(), expertCount);
    eachRow(
        row -> {
          softmax(row);
          preference.copyRow(row, scores, row);
          keepGroups(row, policy.groups(), policy.topGroups(), 1, Float.NEGATIVE_INFINITY);
          choose(row, preference);
          weigh(row, scores, 1);
          if (policy.renormalize()) {
            divideBySum(row, SUM_EPSILON);
          }
          scale(row, policy.scale());
        });
  }

  // ---- softmax over the chosen experts

  private void topKSoftmax() {
    scores = Matrix.allocate(logits.rows(), expertCount);
    var kept = Matrix.allocate(1, ranks);
    eachRow(
        row -> {
          choose(row, logits);
          for (int rank = 0; rank < ranks; rank++) {
            kept.set(0, rank, logits.get(row, experts[row * ranks + rank]));
          }
          kernels.softmax(kept, 0, 0, ranks, 1);
          System.arraycopy(kept.data(), kept.at(0), weights, row * ranks, ranks);
          scores.copyRow(row, logits, row);
          softmax(row);
        });
  }

  private void addNoise(int row, double epsilon) {
    for (int expert = 0; expert < expertCount; expert++) {
      double deviation = epsilon;
      if (noiseLogits != null) {
        deviation += StrictMath.log1p(StrictMath.exp(noiseLogits.get(row, expert)));
      }
      double noise = deviation * normal(row, 2 * expert);
      logits.set(row, expert, (float) (logits.get(row, expert) + noise));
    }
  }

  /// Standard normal, by Box and Muller, from two streams.
  private double normal(int row, int stream) {
    double radius = StrictMath.sqrt(-2 * StrictMath.log(1 - draws.uniform(row, stream)));
    return radius * StrictMath.cos(2 * Math.PI * draws.uniform(row, stream + 1));
  }

  // ---- sigmoid

  private void groupLimitedSigmoid(GroupLimitedSigmoid policy) {
    preference = Matrix.allocate(logits.rows(), expertCount);
    float masked =
        switch (policy.mask()) {
          case MINUS_INFINITY -> Float.NEGATIVE_INFINITY;
          case ZERO -> 0;
        };
    eachRow(
        row -> {
          sigmoid(row);
          for (int expert = 0; expert < expertCount; expert++) {
            float bias = choiceBias == null ? 0 : choiceBias[expert];
            preference.set(row, expert, scores.get(row, expert) + bias);
          }
          keepGroups(row, policy.groups(), policy.topGroups(), 2, masked);
          choose(row, preference);
          weigh(row, scores, 1);
          if (policy.renormalize()) {
            divideBySum(row, SUM_EPSILON);
          }
          scale(row, policy.scale());
        });
  }

  private void sigmoidInput() {
    preference = Matrix.allocate(logits.rows(), expertCount);
    eachRow(
        row -> {
          preference.copyRow(row, logits, row);
          sigmoid(row);
          choose(row, preference);
          weigh(row, scores, 1);
        });
  }

  // ---- other ways

  private void expertChoice(double factor, TokenRows rows) {
    eachRow(this::softmax);
    for (int group = 0; group < rows.groupCount(); group++) {
      var members = Arrays.stream(rows.ofGroup(group)).filter(r -> !skipped.test(r)).toArray();
      int taken = (int) Math.min(members.length, Math.ceil(members.length * factor / expertCount));
      ExpertPicks.pick(scores, members, taken, (row, expert) -> add(row, expert));
    }
    eachRow(this::sortByScore);
  }

  private void add(int row, int expert) {
    int at = row * ranks;
    while (experts[at] != Choices.NONE) {
      at++;
    }
    experts[at] = expert;
    weights[at] = scores.get(row, expert);
  }

  /// Insertion sort: weights descending, then lower index; experts were added in ascending order.
  private void sortByScore(int row) {
    int first = row * ranks;
    for (int i = first + 1; i < first + ranks && experts[i] != Choices.NONE; i++) {
      int expert = experts[i];
      float weight = weights[i];
      int to = i;
      for (; to > first && weights[to - 1] < weight; to--) {
        experts[to] = experts[to - 1];
        weights[to] = weights[to - 1];
      }
      experts[to] = expert;
      weights[to] = weight;
    }
  }

  private void hash(int row, int k, long seed, int token) {
    Arrays.fill(scores.data(), scores.at(row), scores.at(row) + expertCount, 1f / k);
    for (int rank = 0; rank < k; rank++) {
      int expert = TokenHash.expert(token, rank, seed, expertCount);
      while (taken(row, rank, expert)) {
        expert = (expert + 1) % expertCount;
      }
      experts[row * ranks + rank] = expert;
      weights[row * ranks + rank] = 1f / k;
    }
  }

  private boolean taken(int row, int ranksBefore, int expert) {
    for (int rank = 0; rank < ranksBefore; rank++) {
      if (experts[row * ranks + rank] == expert) {
        return true;
      }
    }
    return false;
  }

  // ---- steps

  private void softmax(int row) {
    kernels.softmax(scores, row, 0, expertCount, 1);
  }

  private void sigmoid(int row) {
    for (int expert = 0; expert < expertCount; expert++) {
      scores.set(row, expert, 1 / (1 + Exp.exp(-scores.get(row, expert))));
    }
  }

  private void choose(int row, Matrix by) {
    kernels.topK(by, row, ranks, experts, row * ranks);
  }

  private void weigh(int row, Matrix by, float scale) {
    for (int at = row * ranks; at < (row + 1) * ranks; at++) {
      weights[at] = by.get(row, experts[at]) * scale;
    }
  }

  private void divideBySum(int row, float epsilon) {
    float sum = 0;
    for (int at = row * ranks; at < (row + 1) * ranks; at++) {
      sum += weights[at];
    }
    sum += epsilon;
    for (int at = row * ranks; at < (row + 1) * ranks; at++) {
      weights[at] /= sum;
    }
  }

  private void scale(int row, float scale) {
    if (scale != 1) {
      for (int at = row * ranks; at < (row + 1) * ranks; at++) {
        weights[at] *= scale;
      }
    }
  }

  /// Overwrites the preference for experts that are not in the best groups.
  ///
  /// @param best how many of its best experts a group is judged by
  private void keepGroups(int row, int groups, int topGroups, int best, float masked) {
    int size = expertCount / groups;
    int judged = Math.min(best, size);
    var worth = Matrix.allocate(1, groups);
    var top = new int[judged];
    for (int group = 0; group < groups; group++) {
      var members = preference.rows(row, 1).columns(group * size, size);
      kernels.topK(members, 0, judged, top, 0);
      float sum = 0;
      for (int member : top) {
        sum += members.get(0, member);
      }
      worth.set(0, group, sum);
    }
    var kept = new int[topGroups];
    kernels.topK(worth, 0, topGroups, kept, 0);
    for (int expert = 0; expert < expertCount; expert++) {
      int group = expert / size;
      if (Arrays.stream(kept).noneMatch(k -> k == group)) {
        preference.set(row, expert, masked);
      }
    }
  }
}
