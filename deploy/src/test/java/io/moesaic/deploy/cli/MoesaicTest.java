package io.moesaic.deploy.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.Map;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

class MoesaicTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "dev",
        "generate",
        "verify",
        "inspect",
        "tune",
        "capacity",
        "digits",
        "router",
        "expert"
      })
  void everyCommandExplainsItselfWithExamplesAndExitCodes(String command) {
    var help = Outcome.of(Map.of(), command, "--help");
    assertEquals(0, help.status());
    assertTrue(help.out().contains("Examples:"), help.out());
    assertTrue(help.out().contains("moesaic " + command), help.out());
    assertTrue(help.out().contains("Exit status:"), help.out());
  }

  /// Those that list others.
  static Stream<CommandLine> lists() {
    return Stream.of(new CommandLine(new Moesaic()), new CommandLine(new DigitsCommand()));
  }

  @ParameterizedTest
  @MethodSource("lists")
  void everyCommandIsOneWholeSentenceInTheListOfAll(CommandLine list) {
    for (int columns : new int[] {80, 100}) {
      var help = list.setUsageHelpWidth(columns).getUsageMessage();
      for (var command : list.getSubcommands().values()) {
        var sentence = command.getCommandSpec().usageMessage().description()[0];
        assertEquals(sentence.length() - 1, sentence.indexOf('.'), sentence);
        assertTrue(help.lines().anyMatch(line -> line.endsWith(" " + sentence)), help);
      }
    }
  }

  @Test
  void aCallWithoutACommandShowsTheHelpAsAMistake() {
    var outcome = Outcome.of(Map.of());
    assertEquals(2, outcome.status());
    assertTrue(outcome.err().contains("Commands:"), outcome.err());
  }

  @Test
  void aConfigOptionWithoutAFileIsAMistake() {
    var outcome = Outcome.of(Map.of(), "router", "--config");
    assertEquals(2, outcome.status());
    assertTrue(outcome.err().contains("--config"), outcome.err());
  }

  @Test
  void anOptionThatIsUnknownIsToldBeforeOneThatIsMissing() {
    var outcome = Outcome.of(Map.of(), "expert", "--modle=x");
    assertEquals(2, outcome.status());
    assertTrue(outcome.err().contains("'--modle=x'"), outcome.err());
    assertTrue(outcome.err().contains("--model"), outcome.err());
  }

  @Test
  void aMisspeltOptionIsAMistakeWithASuggestion() {
    var outcome = Outcome.of(Map.of(), "dev", "--expert=4");
    assertEquals(2, outcome.status());
    assertTrue(outcome.err().contains("--experts"), outcome.err());
    assertTrue(outcome.err().contains("See moesaic dev --help"), outcome.err());
  }

  @Test
  void aWrongValueIsToldWithWhereItCameFrom() {
    var outcome =
        Outcome.of(Map.of("MOESAIC_LISTEN", "9000"), "expert", "--model=m", "--shard=0/1");
    assertEquals(2, outcome.status());
    assertTrue(
        outcome.err().contains("must be host:port")
            && outcome.err().contains("(environment variable MOESAIC_LISTEN)"),
        outcome.err());
  }

  @Test
  void aModelThatIsNotThereIsOneSentence() {
    var outcome = Outcome.of(Map.of(), "dev", "--http=0", "--model=/nowhere");
    assertEquals(1, outcome.status());
    assertTrue(outcome.err().startsWith("moesaic: /nowhere/config.json"), outcome.err());
    assertEquals(1, outcome.err().lines().count(), outcome.err());
  }

  @Test
  void aServerThatIsNotThereIsOneSentence() {
    var outcome = Outcome.of(Map.of(), "generate", "--url=http://127.0.0.1:1", "--prompt=x");
    assertEquals(1, outcome.status());
    assertTrue(outcome.err().contains("nothing listens at http://127.0.0.1:1"), outcome.err());
    assertFalse(outcome.err().contains("\tat "), outcome.err());
  }

  @Test
  void theStackTraceIsThereForThoseWhoAsk() {
    var outcome =
        Outcome.of(
            Map.of("MOESAIC_DEBUG", "1"), "generate", "--url=http://127.0.0.1:1", "--prompt=x");
    assertTrue(outcome.err().contains("\tat "), outcome.err());
  }
}
