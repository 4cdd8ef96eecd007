package io.moesaic.router.sampling;

import io.moesaic.router.sampling.TokenScore.Alternative;
import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.kernel.Kernels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Set;

/// Chooses tokens. A choice depends on the row of logits, the request's parameters, what it has
/// generated, and the position: never on other requests. Exponentials are the kernels' own, so that
/// machines agree. For one thread.
///
/// ```
///   logits -> bias, penalties -> temperature -> softmax -> top-k -> top-p -> min-p -> draw
/// ```
public final class Sampler {
  /// Below it logits would overflow when they are divided; the choice is all but greedy here.
  private static final float LOWEST_TEMPERATURE = 1e-4f;

  private final Kernels kernels;

  public Sampler(Kernels kernels) {
    this.kernels = kernels;
  }

  /// Chooses the token that follows.
  ///
  /// @param logits `[rows, vocabulary]`, unchanged
  /// @param history what the text holds so far
  /// @param position of the token to be chosen
  /// @param forbidden tokens that must not be chosen
  public TokenScore next(
      Matrix logits,
      int row,
      SamplingParams params,
      TokenCounts history,
      int position,
      Set<Integer> forbidden) {
    var changed = Matrix.allocate(1, logits.cols());
    changed.copyRow(0, logits, row);
    params.logitBias().forEach((token, bias) -> changed.data()[token] += bias);
    history.apply(params.penalties(), changed.data());
    forbidden.forEach(token -> changed.data()[token] = Float.NEGATIVE_INFINITY);
    int token = params.temperature() == 0 ? best(changed) : draw(changed, params, position);
    return score(logits, row, token, params.logprobs());
  }

  /// How likely a token is by a row of logits.
  ///
  /// @param alternatives how many others to report; -1 reports nothing at all
  public TokenScore score(Matrix logits, int row, int token, int alternatives) {
    if (alternatives < 0) {
      return TokenScore.unscored(token);
    }
    float total = logOfSum(logits, row);
    List<Alternative> top = new ArrayList<>();
    if (alternatives > 0) {
      var best = new int[Math.min(alternatives, logits.cols())];
      kernels.topK(logits, row, best.length, best, 0);
      for (int other : best) {
        top.add(new Alternative(other, logits.get(row, other) - total));
      }
    }
    return new TokenScore(token, logits.get(row, token) - total, List.copyOf(top));
  }

  /// log Σ exp(logit): the largest probability p of the softmax belongs to the largest logit m, and
  /// p = exp(m) / Σ.
  private float logOfSum(Matrix logits, int row) {
    var probabilities = Matrix.allocate(1, logits.cols());
    probabilities.copyRow(0, logits, row);
    int best = best(probabilities);
    kernels.softmax(probabilities, 0, 0, logits.cols(), 1);
    return logits.get(row, best) - (float) StrictMath.log(probabilities.get(0, best));
  }

  private int best(Matrix scores) {
    var best = new int[1];
    kernels.topK(scores, 0, 1, best, 0);
    return best[0];
  }

  private int draw(Matrix logits, SamplingParams params, int position) {
    float temperature = Math.max(params.temperature(), LOWEST_TEMPERATURE);
    int best = best(logits);
    kernels.softmax(logits, 0, 0, logits.cols(), 1 / temperature);
    if (Float.isNaN(logits.get(0, best))) {
      // The logits hold a NaN or an infinity, so there are no probabilities to draw by.
      return best;
    }
    double u = CounterRandom.uniform(params.seed(), position);
    boolean truncated = params.topK() > 0 || params.topP() < 1 || params.minP() > 0;
    return truncated ? drawTruncated(logits, params, u) : drawAny(logits, u);
  }

  /// The first token, by id, at which the probabilities so far exceed `u` of the whole.
  private static int drawAny(Matrix probabilities, double u) {
    double total = 0;
    for (int i = 0; i < probabilities.cols(); i++) {
      total += probabilities.get(0, i);
    }
    double reached = 0;
    int last = 0;
    for (int i = 0; i < probabilities.cols(); i++) {
      float p = probabilities.get(0, i);
      if (p > 0) {
        reached += p;
        last = i;
        if (reached > u * total) {
          break;
        }
      }
    }
    return last;
  }

  /// As [#drawAny], over the tokens that the parameters leave, most likely first.
  private static int drawTruncated(Matrix probabilities, SamplingParams params, double u) {
    long[] ranked = ranked(probabilities);
    int kept = params.topK() == 0 ? ranked.length : Math.min(params.topK(), ranked.length);
    double total = 0;
    for (int i = 0; i < kept; i++) {
      total += probability(ranked[i]);
    }
    float least = probability(ranked[0]) * params.minP();
    double reached = 0;
    int count = 0;
    while (count < kept && (count == 0 || reached < params.topP() * total)) {
      float p = probability(ranked[count]);
      if (p < least || (p == 0 && count > 0)) {
        break;
      }
      reached += p;
      count++;
    }
    double target = u * reached;
    reached = 0;
    for (int i = 0; i < count; i++) {
      reached += probability(ranked[i]);
      if (reached > target) {
        return token(ranked[i]);
      }
    }
    return token(ranked[count - 1]);
  }

  /// Tokens by probability, descending, then by id. A token and its probability are packed in one
  /// long: the bits of a float that is not negative order as its value does.
  private static long[] ranked(Matrix probabilities) {
    var ranked = new long[probabilities.cols()];
    for (int i = 0; i < ranked.length; i++) {
      long bits = Float.floatToIntBits(probabilities.get(0, i));
      ranked[i] = (Integer.MAX_VALUE - bits) << 32 | i;
    }
    Arrays.sort(ranked);
    return ranked;
  }

  private static float probability(long packed) {
    return Float.intBitsToFloat(Integer.MAX_VALUE - (int) (packed >>> 32));
  }

  private static int token(long packed) {
    return (int) packed;
  }
}
