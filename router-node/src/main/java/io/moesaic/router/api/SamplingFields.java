package io.moesaic.router.api;

import io.moesaic.router.json.JsonFields;
import io.moesaic.router.sampling.SamplingParams;
import io.moesaic.router.sampling.SamplingParams.Penalties;
import java.util.HashMap;
import java.util.Map;
import java.util.function.LongSupplier;

/// The fields that say how tokens are chosen.
final class SamplingFields {
  private SamplingFields() {}

  /// @param logprobs as [SamplingParams#logprobs] means it
  /// @param seeds for requests that bring none
  static SamplingParams parse(
      JsonFields fields, int logprobs, int vocabularySize, LongSupplier seeds) {
    float temperature = fields.number("temperature", 1, 0, 2);
    return new SamplingParams(
        temperature,
        fields.number("top_p", 1, Float.MIN_VALUE, 1),
        // -1 is another way to say that all tokens are kept
        Math.max(0, fields.integer("top_k", 0, -1, Integer.MAX_VALUE)),
        fields.number("min_p", 0, 0, 1),
        fields.has("seed") ? fields.longInteger("seed", 0) : seed(temperature, seeds),
        logprobs,
        new Penalties(
            fields.number("repetition_penalty", 1, Float.MIN_VALUE, 100),
            fields.number("presence_penalty", 0, -2, 2),
            fields.number("frequency_penalty", 0, -2, 2)),
        logitBias(fields, vocabularySize));
  }

  /// Routing policies may draw too: without a seed, greedy text is still the same every time.
  private static long seed(float temperature, LongSupplier seeds) {
    return temperature == 0 ? 0 : seeds.getAsLong();
  }

  private static Map<Integer, Float> logitBias(JsonFields fields, int vocabularySize) {
    var node = fields.find("logit_bias");
    if (node == null) {
      return Map.of();
    }
    var path = fields.path("logit_bias");
    if (!node.isObject()) {
      throw JsonFields.wrong(path, node, "an object from token ids to numbers");
    }
    var biases = new HashMap<Integer, Float>();
    for (var entry : node.properties()) {
      int token = tokenId(entry.getKey());
      if (token < 0 || token >= vocabularySize) {
        throw ApiError.invalid(
                path,
                "%s has a key that is no token id from 0 to %d".formatted(path, vocabularySize - 1))
            .exception();
      }
      biases.put(token, JsonFields.number(entry.getValue(), path + "." + token, -100, 100));
    }
    return biases;
  }

  private static int tokenId(String key) {
    try {
      return Integer.parseInt(key);
    } catch (NumberFormatException _) {
      return -1;
    }
  }
}
