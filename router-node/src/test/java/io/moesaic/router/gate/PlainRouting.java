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
import io.moesaic.router.sampling.CounterRandom;
import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.kernel.Exp;
import io.moesaic.tensor.kernel.Kernels;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.function.IntToDoubleFunction;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/// The plain twin of [RoutingPolicies]: lists and stable sorts, one row at a time, written down
/// from the papers.
final class PlainRouting {
  private PlainRouting() {}

  record Choice(int expert, float weight) {}

  /// @param bias for the choice of each expert
  /// @param noise logits of it
  /// @param draws uniform number of each stream
  record Row(
      float[] logits,
      float @Nullable [] bias,
      float @Nullable [] noise,
      IntToDoubleFunction draws,
      int token) {
    int experts() {
      return logits.length;
    }
  }

  static List<Choice> route(RoutingPolicy policy, Row row) {
    return switch (policy) {
      case Dense() -> best(softmax(row.logits), row.experts());
      case SwitchTop1() -> best(softmax(row.logits), 1);
      case SoftmaxTopK(int k, boolean renormalize, float scale) ->
          scaled(best(softmax(row.logits), k), renormalize, 0, scale);
      case TopKSoftmax(int k) -> softmaxOf(best(row.logits, k));
      case NoisyTopK(int k, boolean noise, double epsilon) ->
          softmaxOf(best(noise ? noisy(row, epsilon) : row.logits, k));
      case GShardTop2 gshard -> gshard(gshard, row);
      case GroupLimitedSoftmax(int k, int groups, int top, boolean renormalize, float scale) -> {
        var p = softmax(row.logits);
        var limited = limited(p, groups, top, 1, Float.NEGATIVE_INFINITY);
        yield scaled(weighed(best(limited, k), p), renormalize, 1e-20f, scale);
      }
      case GroupLimitedSigmoid(
              int k,
              int groups,
              int top,
              boolean renormalize,
              float scale,
              var m) -> {
        var s = sigmoid(row.logits);
        var biased = s.clone();
        for (int e = 0; row.bias != null && e < biased.length; e++) {
          biased[e] += row.bias[e];
        }
        float masked = m == GroupLimitedSigmoid.Mask.ZERO ? 0 : Float.NEGATIVE_INFINITY;
        var limited = limited(biased, groups, top, 2, masked);
        yield scaled(weighed(best(limited, k), s), renormalize, 1e-20f, scale);
      }
      case SigmoidInput(int k) -> weighed(best(row.logits, k), sigmoid(row.logits));
      case Hash(int k, long seed) -> hashed(k, seed, row);
      case ExpertChoice _ -> throw new IllegalArgumentException("needs all rows");
    };
  }

  /// Experts that choose: every row's choices, best first.
  static List<List<Choice>> expertChoice(double factor, List<float[]> logits) {
    var p = logits.stream().map(PlainRouting::softmax).toList();
    List<List<Choice>> choices = new ArrayList<>();
    p.forEach(_ -> choices.add(new ArrayList<>()));
    int experts = p.isEmpty() ? 0 : p.getFirst().length;
    int count = (int) Math.min(p.size(), Math.ceil(p.size() * factor / Math.max(1, experts)));
    for (int e = 0; e < experts; e++) {
      int expert = e;
      IntStream.range(0, p.size())
          .boxed()
          .sorted(Comparator.comparingDouble((Integer row) -> -p.get(row)[expert]))
          .limit(count)
          .forEach(row -> choices.get(row).add(new Choice(expert, p.get(row)[expert])));
    }
    choices.forEach(row -> row.sort(Comparator.comparingDouble((Choice c) -> -c.weight)));
    return choices;
  }

  private static float[] softmax(float[] logits) {
    var row = Matrix.allocate(1, logits.length);
    System.arraycopy(logits, 0, row.data(), 0, logits.length);
    Kernels.scalar().softmax(row, 0, 0, logits.length, 1);
    var p = new float[logits.length];
    System.arraycopy(row.data(), 0, p, 0, logits.length);
    return p;
  }

  private static float[] sigmoid(float[] logits) {
    var s = new float[logits.length];
    for (int e = 0; e < s.length; e++) {
      s[e] = 1f / (1f + Exp.exp(-logits[e]));
    }
    return s;
  }

  /// The k with the highest scores, which are their weights; the lower index among equals.
  private static List<Choice> best(float[] scores, int k) {
    return IntStream.range(0, scores.length)
        .mapToObj(e -> new Choice(e, scores[e]))
        .sorted(Comparator.comparingDouble(c -> -(c.weight + 0f)))
        .limit(k)
        .toList();
  }

  private static List<Choice> weighed(List<Choice> choices, float[] weights) {
    return choices.stream().map(c -> new Choice(c.expert, weights[c.expert])).toList();
  }

  private static List<Choice> softmaxOf(List<Choice> choices) {
    var logits = new float[choices.size()];
    for (int i = 0; i < logits.length; i++) {
      logits[i] = choices.get(i).weight;
    }
    var p = softmax(logits);
    return IntStream.range(0, p.length)
        .mapToObj(i -> new Choice(choices.get(i).expert, p[i]))
        .toList();
  }

  private static List<Choice> scaled(
      List<Choice> choices, boolean renormalize, float epsilon, float scale) {
    float sum = 0;
    for (var choice : choices) {
      sum += choice.weight;
    }
    float divisor = renormalize ? sum + epsilon : 1;
    return choices.stream().map(c -> new Choice(c.expert, c.weight / divisor * scale)).toList();
  }

  private static List<Choice> gshard(GShardTop2 policy, Row row) {
    var both = best(softmax(row.logits), 2);
    if (policy.normalize() == GShardTop2.Normalize.BEFORE) {
      both = scaled(both, true, 0, 1);
    }
    boolean kept =
        policy.second() == GShardTop2.Second.ALWAYS
            || row.draws.applyAsDouble(0) < both.get(1).weight / policy.threshold();
    var left = kept ? both : both.subList(0, 1);
    return policy.normalize() == GShardTop2.Normalize.AFTER ? scaled(left, true, 0, 1) : left;
  }

  private static float[] limited(float[] scores, int groups, int top, int judges, float masked) {
    int size = scores.length / groups;
    var worth = new float[groups];
    for (int g = 0; g < groups; g++) {
      var members = new float[size];
      System.arraycopy(scores, g * size, members, 0, size);
      for (var judge : best(members, judges)) {
        worth[g] += judge.weight;
      }
    }
    var kept = best(worth, top).stream().map(Choice::expert).toList();
    var limited = scores.clone();
    for (int e = 0; e < limited.length; e++) {
      if (!kept.contains(e / size)) {
        limited[e] = masked;
      }
    }
    return limited;
  }

  private static float[] noisy(Row row, double epsilon) {
    var h = row.logits.clone();
    for (int e = 0; e < h.length; e++) {
      double x = row.noise == null ? 0 : row.noise[e];
      double softplus = Math.max(x, 0) + StrictMath.log1p(StrictMath.exp(-Math.abs(x)));
      double deviation = epsilon + (row.noise == null ? 0 : softplus);
      double u = row.draws.applyAsDouble(2 * e);
      double v = row.draws.applyAsDouble(2 * e + 1);
      double normal = StrictMath.sqrt(-2 * StrictMath.log(1 - u)) * StrictMath.cos(2 * Math.PI * v);
      h[e] = (float) (h[e] + deviation * normal);
    }
    return h;
  }

  private static List<Choice> hashed(int k, long seed, Row row) {
    List<Integer> experts = new ArrayList<>();
    for (int rank = 0; rank < k; rank++) {
      int expert = (int) (CounterRandom.uniform(seed, row.token, rank) * row.experts());
      while (experts.contains(expert)) {
        expert = expert + 1 == row.experts() ? 0 : expert + 1;
      }
      experts.add(expert);
    }
    return experts.stream().map(e -> new Choice(e, 1f / k)).toList();
  }
}
