package io.moesaic.router;

import io.moesaic.router.trunk.TrunkConfig;
import io.moesaic.tensor.checkpoint.ModelConfig;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// The tokens that texts begin and end with. `generation_config.json` has the last word, and
/// `config.json` speaks for what is absent there.
///
/// @param start of texts whose prompts are encoded apart from them; empty when they continue their
///     prompts
/// @param ends any of which ends a text
public record GenerationTokens(OptionalInt start, Set<Integer> ends) {
  private static final String START = "decoder_start_token_id";

  /// @param directory of the model, with a `generation_config.json` or without
  /// @param config the model's `config.json`
  /// @throws io.moesaic.tensor.checkpoint.CheckpointException when a token is not in the
  ///     vocabulary, or there is none to begin with
  public static GenerationTokens read(Path directory, ModelConfig config, TrunkConfig trunk) {
    var generation = directory.resolve("generation_config.json");
    var sources =
        Files.exists(generation)
            ? List.of(ModelConfig.readFile(generation), config)
            : List.of(config);
    int last = trunk.vocabulary() - 1;
    var ends = Arrays.stream(tokens(sources, "eos_token_id", last)).boxed();
    return new GenerationTokens(
        trunk.encodesPrompts() ? OptionalInt.of(start(sources, config, last)) : OptionalInt.empty(),
        ends.collect(Collectors.toUnmodifiableSet()));
  }

  private static int start(List<ModelConfig> sources, ModelConfig config, int last) {
    return Stream.of(START, "bos_token_id")
        .flatMapToInt(key -> Arrays.stream(tokens(sources, key, last)).limit(1))
        .findFirst()
        .orElseThrow(
            () ->
                config.invalid(
                    START, "must be the token that texts begin with, for T5 that of padding"));
  }

  private static int[] tokens(List<ModelConfig> sources, String key, int last) {
    return sources.stream()
        .filter(source -> source.has(key))
        .findFirst()
        .map(source -> source.integers(key, 0, last))
        .orElse(new int[0]);
  }
}
