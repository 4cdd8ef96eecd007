package io.moesaic.deploy.client;

import com.fasterxml.jackson.annotation.JsonProperty;
import java.util.List;

/// A completion that has ended.
///
/// @param finishReason `length` or `stop`
public record Completion(
    String text,
    @JsonProperty("token_ids") List<Integer> tokenIds,
    @JsonProperty("finish_reason") String finishReason,
    Usage usage,
    @JsonProperty("elapsed_seconds") double elapsedSeconds) {
  /// Tokens read and written.
  public record Usage(
      @JsonProperty("prompt_tokens") int promptTokens,
      @JsonProperty("completion_tokens") int completionTokens,
      @JsonProperty("total_tokens") int totalTokens) {}
}
