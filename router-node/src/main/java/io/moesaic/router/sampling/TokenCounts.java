package io.moesaic.router.sampling;

import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/// Which tokens a text holds, for penalties.
public final class TokenCounts {
  private final Set<Integer> prompt = new HashSet<>();
  private final Map<Integer, Integer> generated = new HashMap<>();

  public TokenCounts(int[] prompt) {
    for (int token : prompt) {
      this.prompt.add(token);
    }
  }

  public void add(int token) {
    generated.merge(token, 1, Integer::sum);
  }

  /// Changes the logits of tokens that are there already.
  void apply(SamplingParams.Penalties penalties, float[] logits) {
    if (penalties.repetition() != 1) {
      prompt.stream()
          .filter(token -> !generated.containsKey(token))
          .forEach(token -> repeated(logits, token, penalties.repetition()));
      generated.keySet().forEach(token -> repeated(logits, token, penalties.repetition()));
    }
    generated.forEach(
        (token, count) -> logits[token] -= penalties.presence() + count * penalties.frequency());
  }

  private static void repeated(float[] logits, int token, float penalty) {
    logits[token] = logits[token] > 0 ? logits[token] / penalty : logits[token] * penalty;
  }
}
