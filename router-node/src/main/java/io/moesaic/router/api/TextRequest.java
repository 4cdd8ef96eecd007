package io.moesaic.router.api;

import io.moesaic.router.engine.GenerationRequest;
import io.moesaic.router.tokenizer.TextForm;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// A request for texts, read and checked in full.
///
/// @param choicesPerPrompt `n`
/// @param generations one for each choice; choice `j` of prompt `i` is at `i * n + j`
/// @param form how tokens become texts
/// @param echo whether texts begin with their prompts
/// @param logprobs how many alternatives are told for each token; -1 tells no logprobs
/// @param streaming absent when the answer comes whole
record TextRequest(
    List<Prompt> prompts,
    int choicesPerPrompt,
    List<GenerationRequest> generations,
    TextForm form,
    boolean echo,
    int logprobs,
    boolean returnTokenIds,
    MoeRequest moe,
    @Nullable Streaming streaming) {
  TextRequest {
    prompts = List.copyOf(prompts);
    generations = List.copyOf(generations);
  }

  /// @param includeUsage whether a last chunk tells the usage
  /// @param continuousUsage whether every chunk does
  record Streaming(boolean includeUsage, boolean continuousUsage) {}

  Prompt prompt(int choice) {
    return prompts.get(choice / choicesPerPrompt);
  }

  int promptTokens() {
    return prompts.stream().mapToInt(prompt -> prompt.tokens().length).sum();
  }
}
