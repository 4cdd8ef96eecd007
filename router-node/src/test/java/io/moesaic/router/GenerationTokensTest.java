package io.moesaic.router;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moesaic.router.trunk.TrunkConfig;
import io.moesaic.tensor.Refused;
import io.moesaic.tensor.TestModels;
import io.moesaic.tensor.checkpoint.CheckpointException;
import io.moesaic.tensor.checkpoint.ModelConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.OptionalInt;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class GenerationTokensTest {
  private static final TrunkConfig ENCODES =
      TrunkConfig.of(ModelConfig.read(TestModels.switchTransformers()));
  private static final TrunkConfig CONTINUES =
      TrunkConfig.of(ModelConfig.read(TestModels.mixtral()));

  @TempDir Path directory;

  private GenerationTokens read(TrunkConfig trunk, String config) throws IOException {
    Files.writeString(directory.resolve("config.json"), config);
    return GenerationTokens.read(directory, ModelConfig.read(directory), trunk);
  }

  private void generation(String config) throws IOException {
    Files.writeString(directory.resolve("generation_config.json"), config);
  }

  @Test
  void textsThatContinueTheirPromptsHaveNoStart() throws IOException {
    assertEquals(
        new GenerationTokens(OptionalInt.empty(), Set.of(7, 8)),
        read(CONTINUES, "{\"eos_token_id\": [7, 8], \"decoder_start_token_id\": 3}"));
  }

  @Test
  void theGenerationConfigHasTheLastWord() throws IOException {
    generation("{\"decoder_start_token_id\": 5, \"eos_token_id\": 6}");
    assertEquals(
        new GenerationTokens(OptionalInt.of(5), Set.of(6)),
        read(ENCODES, "{\"eos_token_id\": 1, \"decoder_start_token_id\": 0}"));
  }

  @Test
  void whatIsAbsentThereIsInTheModelsConfig() throws IOException {
    generation("{\"eos_token_id\": null}");
    assertEquals(
        new GenerationTokens(OptionalInt.of(0), Set.of(1)),
        read(ENCODES, "{\"eos_token_id\": 1, \"decoder_start_token_id\": 0}"));
  }

  @Test
  void aTextMayBeginAsAnyTextDoes() throws IOException {
    assertEquals(OptionalInt.of(2), read(ENCODES, "{\"bos_token_id\": 2}").start());
  }

  @Test
  void aTextThatBeginsWithNothingIsRefused() {
    var refusal = Refused.with(CheckpointException.class, () -> read(ENCODES, "{}"));
    assertEquals(
        "\"decoder_start_token_id\" is absent, must be the token that texts begin with, for T5 that"
            + " of padding",
        refusal.substring(refusal.indexOf('"')));
  }

  @Test
  void aTokenBeyondTheVocabularyIsRefused() {
    var refusal =
        Refused.with(CheckpointException.class, () -> read(ENCODES, "{\"eos_token_id\": 128}"));
    assertEquals(
        "\"eos_token_id\" is 128, must be an integer from 0 to 127",
        refusal.substring(refusal.indexOf('"')));
  }
}
