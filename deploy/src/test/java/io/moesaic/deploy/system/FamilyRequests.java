package io.moesaic.deploy.system;

import io.moesaic.router.engine.GenerationRequest;
import io.moesaic.router.engine.MoeOptions;
import io.moesaic.router.sampling.SamplingParams;
import io.moesaic.router.sampling.SamplingParams.Penalties;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.Set;

/// What models of every golden family are asked: each prompt greedily and sampled, the last once
/// more with another seed.
final class FamilyRequests {
  static final long SEED = 20261122;

  private static final int TOKENS = 4;
  private static final int LOGPROBS = 3;
  private static final int VOCABULARY = 128;

  /// From a token to several blocks of positions. Most are longer than the window of 8 that gpt-oss
  /// has, and the text after the second outgrows it.
  private static final int[] LENGTHS = {1, 5, 30, 70, InProcessCluster.STEP_TOKENS};

  private FamilyRequests() {}

  static List<GenerationRequest> all() {
    List<GenerationRequest> requests = new ArrayList<>();
    for (var prompt : prompts()) {
      requests.add(request(prompt, 0, requests.size()));
      requests.add(request(prompt, 1, requests.size()));
    }
    requests.add(request(prompts().getLast(), 1, requests.size()));
    return requests;
  }

  private static List<int[]> prompts() {
    var random = new Random(SEED);
    List<int[]> prompts = new ArrayList<>();
    for (int length : LENGTHS) {
      prompts.add(random.ints(length, 2, VOCABULARY).toArray());
    }
    // One token over and over goes to one expert, more often than it has places.
    var monotonous = new int[InProcessCluster.STEP_TOKENS];
    Arrays.fill(monotonous, 2 + random.nextInt(VOCABULARY - 2));
    prompts.add(monotonous);
    return prompts;
  }

  /// @param seed a different one for each request
  private static GenerationRequest request(int[] prompt, float temperature, long seed) {
    var sampling =
        new SamplingParams(temperature, 1, 0, 0, seed, LOGPROBS, Penalties.NONE, Map.of());
    return new GenerationRequest(prompt, TOKENS, TOKENS, sampling, Set.of(), false)
        .with(new MoeOptions(Optional.empty(), true, false));
  }

  /// A request as a body of the HTTP API.
  static Map<String, Object> json(GenerationRequest request) {
    return Map.of(
        "prompt", request.prompt(),
        "max_tokens", request.maxTokens(),
        "temperature", request.sampling().temperature(),
        "seed", request.sampling().seed(),
        "logprobs", request.sampling().logprobs(),
        "ignore_eos", true,
        "return_token_ids", true);
  }
}
