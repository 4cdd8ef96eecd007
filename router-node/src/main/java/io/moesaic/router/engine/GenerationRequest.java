package io.moesaic.router.engine;

import io.moesaic.router.sampling.SamplingParams;
import java.util.Set;

/// What to generate. Lengths and token ids have been checked against the model.
///
/// @param prompt token ids, at least one
/// @param maxTokens most tokens to generate; 0 only scores the prompt
/// @param minTokens until so many are generated, tokens that would end the text are not chosen
/// @param stopTokens token ids that end the text; they are not part of it
/// @param scorePrompt whether the listener is told the scores of the prompt's tokens
public record GenerationRequest(
    int[] prompt,
    int maxTokens,
    int minTokens,
    SamplingParams sampling,
    Set<Integer> stopTokens,
    boolean scorePrompt,
    MoeOptions moe) {
  public GenerationRequest {
    if (prompt.length < 1 || maxTokens < 0 || minTokens < 0) {
      throw new IllegalArgumentException(
          "prompt of %d tokens, max_tokens %d, min_tokens %d"
              .formatted(prompt.length, maxTokens, minTokens));
    }
    stopTokens = Set.copyOf(stopTokens);
  }

  /// A request that leaves the MoE blocks to the operator.
  public GenerationRequest(
      int[] prompt,
      int maxTokens,
      int minTokens,
      SamplingParams sampling,
      Set<Integer> stopTokens,
      boolean scorePrompt) {
    this(prompt, maxTokens, minTokens, sampling, stopTokens, scorePrompt, MoeOptions.NONE);
  }

  /// The same with other wishes for the MoE blocks.
  public GenerationRequest with(MoeOptions other) {
    return new GenerationRequest(
        prompt, maxTokens, minTokens, sampling, stopTokens, scorePrompt, other);
  }
}
