package io.moesaic.router.api;

import io.moesaic.router.tokenizer.ChatTemplate;
import io.moesaic.router.tokenizer.Tokenizer;
import java.util.Optional;
import java.util.OptionalInt;
import java.util.Set;

/// The model behind the API.
///
/// @param name by which requests ask for it
/// @param createdSeconds since the epoch
/// @param maxModelLength most tokens of a prompt and its text together
/// @param maxEncodedPrompt most tokens of a prompt when the model encodes prompts apart from their
///     texts; empty when texts continue their prompts
/// @param vocabularySize token ids are below it
/// @param eosTokenIds tokens that end a text
/// @param chatTemplate absent when the model was not made for chats
/// @param moe its experts
public record ServedModel(
    String name,
    long createdSeconds,
    int maxModelLength,
    OptionalInt maxEncodedPrompt,
    int vocabularySize,
    Set<Integer> eosTokenIds,
    Tokenizer tokenizer,
    Optional<ChatTemplate> chatTemplate,
    ServedMoe moe) {
  public ServedModel {
    if (name.isBlank() || maxModelLength < 1 || vocabularySize < 1) {
      throw new IllegalArgumentException(
          "model '%s' with max_model_len %d and a vocabulary of %d"
              .formatted(name, maxModelLength, vocabularySize));
    }
    eosTokenIds = Set.copyOf(eosTokenIds);
  }
}
