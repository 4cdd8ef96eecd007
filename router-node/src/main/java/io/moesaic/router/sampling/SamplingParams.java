package io.moesaic.router.sampling;

import java.util.Map;

/// How a request wants its tokens chosen. Validated by whoever takes the request from outside; here
/// only what would break the arithmetic is refused.
///
/// @param temperature 0 takes the most likely token, the lower id among equals
/// @param topP keeps the most likely tokens until their probabilities reach it; 1 keeps all
/// @param topK keeps that many of the most likely tokens; 0 keeps all
/// @param minP drops tokens less likely than this fraction of the most likely one; 0 drops none
/// @param seed of the random numbers; a request always gets one
/// @param logprobs how many alternatives to report for each token; -1 reports no logprobs at all
/// @param penalties for tokens that are already there
/// @param logitBias added to the logits of single tokens
public record SamplingParams(
    float temperature,
    float topP,
    int topK,
    float minP,
    long seed,
    int logprobs,
    Penalties penalties,
    Map<Integer, Float> logitBias) {
  /// The most likely token every time, without logprobs.
  public static final SamplingParams GREEDY =
      new SamplingParams(0, 1, 0, 0, 0, -1, Penalties.NONE, Map.of());

  public SamplingParams {
    if (!(temperature >= 0 && temperature <= Float.MAX_VALUE)
        || !(topP > 0 && topP <= 1)
        || topK < 0
        || !(minP >= 0 && minP <= 1)) {
      throw new IllegalArgumentException(
          "temperature is %s, top_p %s, top_k %d, min_p %s"
              .formatted(temperature, topP, topK, minP));
    }
    logitBias = Map.copyOf(logitBias);
  }

  /// @param repetition divides positive and multiplies negative logits of tokens in prompt or text
  ///     (Keskar et al. 2019); 1 changes nothing
  /// @param presence subtracted once from the logit of each token in the text so far; 0 nothing
  /// @param frequency subtracted for every occurrence in the text so far; 0 nothing
  public record Penalties(float repetition, float presence, float frequency) {
    public static final Penalties NONE = new Penalties(1, 0, 0);

    public Penalties {
      if (!(repetition > 0 && repetition <= Float.MAX_VALUE)
          || !Float.isFinite(presence)
          || !Float.isFinite(frequency)) {
        throw new IllegalArgumentException(
            "repetition penalty is %s, presence %s, frequency %s"
                .formatted(repetition, presence, frequency));
      }
    }
  }

  /// The same with another seed.
  public SamplingParams withSeed(long seed) {
    return new SamplingParams(temperature, topP, topK, minP, seed, logprobs, penalties, logitBias);
  }
}
