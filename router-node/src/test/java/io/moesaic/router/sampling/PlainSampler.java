package io.moesaic.router.sampling;

import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.kernel.Kernels;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;

/// The sampler's twin: one list of candidates, sorted, cut, and walked along. Only the softmax is
/// shared, as its scalar twin, because the bits of probabilities decide where lists are cut.
final class PlainSampler {
  private PlainSampler() {}

  /// A token that may still be chosen.
  private record Candidate(int token, float probability) {}

  static int next(
      float[] logits,
      SamplingParams params,
      int[] prompt,
      List<Integer> generated,
      int position,
      Set<Integer> forbidden) {
    var changed = changed(logits, params, prompt, generated, forbidden);
    if (params.temperature() == 0) {
      int best = 0;
      for (int token = 1; token < logits.length; token++) {
        best = changed[token] > changed[best] ? token : best;
      }
      return best;
    }
    var candidates = candidates(changed, params.temperature());
    if (params.topK() > 0 || params.topP() < 1 || params.minP() > 0) {
      candidates = truncated(candidates, params);
    }
    return draw(candidates, CounterRandom.uniform(params.seed(), position));
  }

  private static float[] changed(
      float[] logits,
      SamplingParams params,
      int[] prompt,
      List<Integer> generated,
      Set<Integer> forbidden) {
    var changed = logits.clone();
    var penalties = params.penalties();
    for (int token = 0; token < logits.length; token++) {
      changed[token] += params.logitBias().getOrDefault(token, 0f);
      int times = 0;
      for (int other : generated) {
        times += other == token ? 1 : 0;
      }
      boolean present = times > 0;
      for (int other : prompt) {
        present |= other == token;
      }
      if (present && changed[token] > 0) {
        changed[token] /= penalties.repetition();
      } else if (present) {
        changed[token] *= penalties.repetition();
      }
      if (times > 0) {
        changed[token] -= penalties.presence() + times * penalties.frequency();
      }
      if (forbidden.contains(token)) {
        changed[token] = Float.NEGATIVE_INFINITY;
      }
    }
    return changed;
  }

  private static List<Candidate> candidates(float[] logits, float temperature) {
    var probabilities = Matrix.allocate(1, logits.length);
    System.arraycopy(logits, 0, probabilities.data(), 0, logits.length);
    Kernels.scalar().softmax(probabilities, 0, 0, logits.length, 1 / temperature);
    List<Candidate> candidates = new ArrayList<>();
    for (int token = 0; token < logits.length; token++) {
      candidates.add(new Candidate(token, probabilities.get(0, token)));
    }
    return candidates;
  }

  private static List<Candidate> truncated(List<Candidate> candidates, SamplingParams params) {
    var sorted = new ArrayList<>(candidates);
    sorted.sort(
        Comparator.comparingDouble(Candidate::probability)
            .reversed()
            .thenComparingInt(Candidate::token));
    if (params.topK() > 0) {
      sorted.subList(Math.min(params.topK(), sorted.size()), sorted.size()).clear();
    }
    double wanted = params.topP() * sum(sorted);
    List<Candidate> nucleus = new ArrayList<>();
    for (var candidate : sorted) {
      if (nucleus.isEmpty() || sum(nucleus) < wanted) {
        nucleus.add(candidate);
      }
    }
    float least = sorted.getFirst().probability() * params.minP();
    nucleus.removeIf(candidate -> candidate.probability() < least);
    return nucleus;
  }

  private static double sum(List<Candidate> candidates) {
    return candidates.stream().mapToDouble(Candidate::probability).reduce(0, Double::sum);
  }

  private static int draw(List<Candidate> candidates, double u) {
    double target = u * sum(candidates);
    double reached = 0;
    for (var candidate : candidates) {
      reached += candidate.probability();
      if (reached > target) {
        return candidate.token();
      }
    }
    return candidates.getLast().token();
  }
}
