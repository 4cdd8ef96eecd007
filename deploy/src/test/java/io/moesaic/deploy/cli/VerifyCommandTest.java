package io.moesaic.deploy.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What can be seen to be wrong before a node is started.
class VerifyCommandTest {
  private static final Path GOLDEN =
      Path.of(System.getProperty("moesaic.root", ".."), "tensor/src/test/golden");
  private static final Path MIXTRAL = GOLDEN.resolve("mixtral");
  private static final Path SWITCH = GOLDEN.resolve("switch_transformers");

  private static Outcome verify(Path model, String... arguments) {
    return Outcome.of(Stream.of("verify", "--model", model.toString()), arguments);
  }

  @ParameterizedTest
  @ValueSource(strings = {"0", "17", "99"})
  void thereAreNoMoreNodesThanExperts(String nodes) {
    var outcome = verify(MIXTRAL, "--experts", nodes);
    assertEquals(2, outcome.status());
    assertTrue(
        outcome
            .err()
            .contains(
                "--experts is %s, must be from 1 to 16, the experts of the model".formatted(nodes)),
        outcome.err());
  }

  @Test
  void aFileOfAModelIsNotTheModel() {
    var outcome = verify(MIXTRAL.resolve("config.json"));
    assertEquals(2, outcome.status());
    assertTrue(outcome.err().contains("must be the model's directory"), outcome.err());
  }

  @Test
  void aModelWithoutExpectationsNeedsSome(@TempDir Path directory) throws IOException {
    Files.copy(MIXTRAL.resolve("config.json"), directory.resolve("config.json"));
    var outcome = verify(directory);
    assertEquals(1, outcome.status());
    assertTrue(outcome.err().contains("has no expected.safetensors"), outcome.err());
    assertTrue(outcome.err().contains("--expected FILE"), outcome.err());
  }

  @Test
  void aTextIsNoSafetensorsFile(@TempDir Path directory) throws IOException {
    var text = Files.writeString(directory.resolve("README.md"), "# A model and its weights\n");
    var outcome = verify(MIXTRAL, "--expected", text.toString());
    assertEquals(1, outcome.status());
    assertTrue(outcome.err().contains("README.md: is no safetensors file"), outcome.err());
  }

  @Test
  void expectationsOfAnotherKindOfModelAreToldByWhatTheyHold() {
    var forSwitch = SWITCH.resolve("expected.safetensors").toString();
    var outcome = verify(MIXTRAL, "--expected", forSwitch);
    assertEquals(1, outcome.status());
    assertTrue(outcome.err().contains("has decoder_input_ids"), outcome.err());

    var forMixtral = MIXTRAL.resolve("expected.safetensors").toString();
    outcome = verify(SWITCH, "--expected", forMixtral);
    assertEquals(1, outcome.status());
    assertTrue(outcome.err().contains("has no decoder_input_ids"), outcome.err());
  }
}
