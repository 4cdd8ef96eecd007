package io.moesaic.router.sampling;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moesaic.router.sampling.SamplingParams.Penalties;
import io.moesaic.router.sampling.TokenScore.Alternative;
import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.Refused;
import io.moesaic.tensor.kernel.Kernels;
import io.moesaic.tensor.kernel.Randoms;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;

class SamplerTest {
  private final Randoms random = new Randoms(Arena.ofAuto());
  private final Sampler sampler = new Sampler(Kernels.best());

  private static Matrix logits(float... values) {
    var logits = Matrix.allocate(1, values.length);
    System.arraycopy(values, 0, logits.data(), 0, values.length);
    return logits;
  }

  private static SamplingParams greedy(Penalties penalties, Map<Integer, Float> bias) {
    return new SamplingParams(0, 1, 0, 0, 0, 0, penalties, bias);
  }

  private int next(SamplingParams params, Matrix logits, Set<Integer> forbidden) {
    return sampler.next(logits, 0, params, new TokenCounts(new int[0]), 9, forbidden).token();
  }

  @Test
  void greedilyTakesTheLowestOfTheLikeliestTokens() {
    assertEquals(1, next(SamplingParams.GREEDY, logits(1, 4, 3, 4, 4), Set.of()));
    assertEquals(0, next(SamplingParams.GREEDY, logits(-2), Set.of()));
    assertEquals(3, next(SamplingParams.GREEDY, logits(1, 4, 3, 4, 4), Set.of(1)));
  }

  @Test
  void choosesAsItsPlainTwinDoes() {
    for (int vocabulary : new int[] {1, 2, 3, 7, 16, 17, 64, 129}) {
      for (int round = 0; round < 150; round++) {
        // Every other time logits lie on a coarse grid, so that many are equal.
        var logits = random.matrix(3, vocabulary);
        for (int i = 0; i < vocabulary && round % 2 == 0; i++) {
          logits.set(1, i, Math.round(2 * logits.get(1, i)) / 2f);
        }
        assertAsTwin(logits, params(vocabulary));
      }
    }
  }

  private void assertAsTwin(Matrix logits, SamplingParams params) {
    int vocabulary = logits.cols();
    var prompt = new int[random.between(1, 5)];
    for (int i = 0; i < prompt.length; i++) {
      prompt[i] = random.between(0, vocabulary - 1);
    }
    var counts = new TokenCounts(prompt);
    List<Integer> generated = new ArrayList<>();
    for (int n = random.between(0, 6); n > 0; n--) {
      generated.add(random.between(0, vocabulary - 1));
      counts.add(generated.getLast());
    }
    Set<Integer> forbidden = new HashSet<>();
    if (vocabulary > 1) {
      forbidden.add(random.between(0, vocabulary - 1));
    }
    var row = new float[vocabulary];
    System.arraycopy(logits.data(), logits.at(1), row, 0, vocabulary);
    for (int position = 0; position < 5; position++) {
      assertEquals(
          PlainSampler.next(row, params, prompt, generated, position, forbidden),
          sampler.next(logits, 1, params, counts, position, forbidden).token(),
          random.seed() + " " + params);
    }
  }

  private SamplingParams params(int vocabulary) {
    Map<Integer, Float> bias = new HashMap<>();
    for (int n = random.between(0, 3); n > 0; n--) {
      bias.put(random.between(0, vocabulary - 1), random.gaussian());
    }
    return new SamplingParams(
        pick(0, 1e-6f, 0.3f, 0.7f, 1, 2),
        pick(1, 1, 0.99f, 0.9f, 0.5f, 0.1f, 1e-6f),
        (int) pick(0, 0, 1, 2, 5, vocabulary, vocabulary + 9),
        pick(0, 0, 0.01f, 0.2f, 1),
        random.between(0, 1 << 30),
        -1,
        new Penalties(pick(1, 1.3f, 0.5f), pick(0, 0.4f, -0.4f), pick(0, 0.3f, -0.1f)),
        bias);
  }

  private float pick(float... values) {
    return values[random.between(0, values.length - 1)];
  }

  @Test
  void reportsLogprobsOfTheUnmodifiedLogits() {
    for (float spread : new float[] {0.1f, 1, 10}) {
      for (int vocabulary : new int[] {1, 2, 33, 500}) {
        var logits = random.matrix(2, vocabulary);
        double sum = 0;
        for (int i = 0; i < vocabulary; i++) {
          logits.set(1, i, logits.get(1, i) * spread);
          sum += Math.exp(logits.get(1, i));
        }
        double whole = 0;
        for (int token = 0; token < vocabulary; token++) {
          float logprob = sampler.score(logits, 1, token, 0).logprob();
          assertEquals(logits.get(1, token) - Math.log(sum), logprob, 1e-5, random.seed());
          whole += Math.exp(logprob);
        }
        assertEquals(1, whole, 1e-5, random.seed());
      }
    }
  }

  @Test
  void aBiasMovesTheChoiceAndNotItsLogprob() {
    var logits = logits(0, 0, 0, 0);
    var score =
        sampler.next(
            logits,
            0,
            greedy(Penalties.NONE, Map.of(2, 1f)),
            new TokenCounts(new int[0]),
            0,
            Set.of());
    assertEquals(2, score.token());
    assertEquals(Math.log(0.25), score.logprob(), 1e-6);
    assertEquals(0, logits.get(0, 2), "the logits are as they were");
  }

  @Test
  void listsAsManyAlternativesAsThereAre() {
    var logits = logits(1, 3, 2, 3);
    var score = sampler.score(logits, 0, 0, 3);
    assertEquals(List.of(1, 3, 2), score.top().stream().map(Alternative::token).toList());
    for (var other : score.top()) {
      assertEquals(sampler.score(logits, 0, other.token(), 0).logprob(), other.logprob());
    }
    assertEquals(4, sampler.score(logits, 0, 0, 20).top().size());
    assertEquals(List.of(), sampler.score(logits, 0, 0, 0).top());
    assertEquals(TokenScore.unscored(2), sampler.score(logits, 0, 2, -1));
  }

  @Test
  void penalizesWhatIsThereAlready() {
    var counts = new TokenCounts(new int[] {0, 1, 1, 4});
    counts.add(2);
    counts.add(2);
    counts.add(4);
    float[] logits = {6, -6, 6, 6, -6};
    counts.apply(new Penalties(2, 0, 0), logits);
    assertEquals(List.of(3f, -12f, 3f, 6f, -12f), list(logits), "once each, prompt or text");
    float[] others = {6, -6, 6, 6, -6};
    counts.apply(new Penalties(1, 0.5f, 0.25f), others);
    assertEquals(List.of(6f, -6f, 5f, 6f, -6.75f), list(others), "the text only, by its count");
  }

  private static List<Float> list(float[] values) {
    List<Float> list = new ArrayList<>();
    for (float value : values) {
      list.add(value);
    }
    return list;
  }

  /// Whatever a node sends back: no crash, a token that exists and is allowed, and one with an
  /// infinite logit if there is one.
  @Test
  void logitsThatAreNoNumbersStillGiveAToken() {
    float nan = Float.NaN;
    float inf = Float.POSITIVE_INFINITY;
    for (var row :
        List.of(
            logits(nan, 1, 2, nan),
            logits(1, 2, inf, 3),
            logits(inf, inf, nan, -inf),
            logits(-inf, -inf, -inf, -inf),
            logits(nan, nan, nan, nan),
            logits(-inf, -inf, -inf, 3),
            logits(3e38f, -3e38f, 1, 0))) {
      for (int round = 0; round < 200; round++) {
        var params = params(4);
        int token = next(params, row, Set.of());
        assertTrue(token >= 0 && token < 4, random.seed() + " " + params);
        sampler.score(row, 0, token, 4);
      }
    }
    for (float temperature : new float[] {0, 1e-9f, 1, 3}) {
      var params = new SamplingParams(temperature, 0.9f, 0, 0, 5, -1, Penalties.NONE, Map.of());
      assertEquals(2, next(params, logits(1, 2, inf, 3), Set.of()));
      assertEquals(1, next(params, logits(nan, 1, nan, nan), Set.of()));
      assertEquals(1, next(params, logits(inf, 1, nan, -4), Set.of(0)));
      assertEquals(3, next(params, logits(-inf, -inf, -inf, 3), Set.of()));
    }
  }

  @Test
  void refusesWhatWouldBreakTheArithmetic() {
    assertEquals(
        "temperature is Infinity, top_p 1.0, top_k 0, min_p 0.0",
        Refused.with(IllegalArgumentException.class, () -> params(Float.POSITIVE_INFINITY, 1, 0)));
    for (float bad : new float[] {-1, Float.NaN}) {
      Refused.with(IllegalArgumentException.class, () -> params(bad, 1, 0));
      Refused.with(IllegalArgumentException.class, () -> params(1, bad, 0));
      Refused.with(IllegalArgumentException.class, () -> params(1, 1, bad));
      Refused.with(IllegalArgumentException.class, () -> new Penalties(bad, 0, 0));
    }
    for (float bad : new float[] {Float.POSITIVE_INFINITY, Float.NaN}) {
      Refused.with(IllegalArgumentException.class, () -> new Penalties(bad, 0, 0));
      Refused.with(IllegalArgumentException.class, () -> new Penalties(1, bad, 0));
      Refused.with(IllegalArgumentException.class, () -> new Penalties(1, 0, bad));
    }
  }

  private static SamplingParams params(float temperature, float topP, float minP) {
    return new SamplingParams(temperature, topP, 0, minP, 0, -1, Penalties.NONE, Map.of());
  }
}
