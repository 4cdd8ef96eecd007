package io.moesaic.deploy.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.moesaic.deploy.dev.ClusterSpec;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

@Timeout(120)
class DigitsCommandTest {
  @TempDir private Path directory = Path.of(".");

  private static Outcome digits(String... arguments) {
    return Outcome.of(Stream.of("digits"), arguments);
  }

  @ParameterizedTest
  @ValueSource(strings = {"fit", "show"})
  void explainsItselfWithExamplesAndExitCodes(String command) {
    var help = digits(command, "--help");
    assertEquals(0, help.status());
    assertTrue(help.out().contains("moesaic digits " + command), help.out());
    assertTrue(help.out().contains("Examples:"), help.out());
    assertTrue(help.out().contains("Exit status:"), help.out());
  }

  @Test
  void withoutACommandItShowsWhatThereIs() {
    var outcome = digits();
    assertEquals(2, outcome.status());
    assertTrue(outcome.err().contains("Commands:"), outcome.err());
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "fit                             | 2 | Missing required option: '--out=DIR'",
        "fit --out=x --epochs=0          | 1 | epochs is 0, must be from 1 to 10000",
        "fit --out=x --epochs=10001      | 1 | epochs is 10001, must be from 1 to 10000",
        "fit --out=x --seed=abc          | 2 | 'abc' is not a long",
        "fit --out=x --data=/no/such.csv | 1 | no such file: /no/such.csv",
        "show --experts=0                | 1 | expert nodes are 0, must be from 1 to 64",
        "show --experts=5                | 1 | expert nodes are 5, must be from 1 to 4",
        "show --model=/no/such           | 1 | /no/such/config.json",
        "show --data=/no/such.csv        | 1 | no such file: /no/such.csv",
      })
  void aWrongOptionIsToldWithItsValueAndWhatIsAllowed(
      String arguments, int status, String message) {
    var outcome = digits(arguments.split(" ", -1));
    assertEquals(status, outcome.status(), outcome.err());
    assertTrue(outcome.err().contains(message), outcome.err());
  }

  @Test
  void whatIsInADirectoryIsNotOverwritten() throws IOException {
    Files.writeString(directory.resolve("config.json"), "of another model");
    var outcome = digits("fit", "--out=" + directory, "--epochs=1");
    assertEquals(1, outcome.status());
    assertTrue(outcome.err().contains("has files in it"), outcome.err());
    assertEquals("of another model", Files.readString(directory.resolve("config.json")));
    var file = digits("fit", "--out=" + directory.resolve("config.json"), "--epochs=1");
    assertTrue(file.err().contains("which is a file"), file.err());
  }

  @Test
  void fitsAModelAndTellsHowGoodItIs() {
    var model = directory.resolve("new/model");
    var outcome = digits("fit", "--out=" + model, "--epochs=2", "--seed=5");
    assertEquals(0, outcome.status(), outcome.err());
    assertTrue(outcome.err().contains("2 of 2 epochs"), outcome.err());
    assertTrue(outcome.out().contains("2 epochs, seed 5"), outcome.out());
    assertTrue(outcome.out().contains("% right, "), outcome.out());
    assertTrue(outcome.out().contains("of 297, rows 1500 to 1796"), outcome.out());
    assertTrue(outcome.out().contains("DIGIT   EXPERT 0"), outcome.out());
    assertTrue(Files.exists(model.resolve("model.safetensors")));
  }

  @Test
  void fewImagesAreFittedButLeaveNoneToShow() throws IOException {
    var few = few(40);
    var fitted = digits("fit", "--out=" + directory.resolve("m"), "--epochs=1", "--data=" + few);
    assertEquals(0, fitted.status(), fitted.err());
    assertTrue(fitted.out().contains("held out  none"), fitted.out());
    assertFalse(fitted.out().contains("DIGIT"), fitted.out());
    var shown = digits("show", "--data=" + few);
    assertEquals(1, shown.status());
    assertTrue(
        shown.err().contains(few + ": has 40 images, must have more than 1500"), shown.err());
  }

  /// A file with the first images of the bundled one.
  private Path few(int images) throws IOException {
    var all = ClusterSpec.bundledModel().resolve("../../data/digits/digits.csv");
    var lines = Files.readAllLines(all).subList(0, images + 1);
    return Files.write(directory.resolve("few.csv"), lines);
  }

  @Test
  void aModelThatReadsBadlyFails() throws Exception {
    var model = directory.resolve("bad");
    assertEquals(0, digits("fit", "--out=" + model, "--epochs=1").status());
    var shown = digits("show", "--model=" + model, "--experts=1", "--json");
    assertEquals(1, shown.status(), shown.err());
    var json = new ObjectMapper().readTree(shown.out());
    assertFalse(json.get("passed").asBoolean());
    assertTrue(json.get("accuracy").asDouble() < 0.95, json.toString());
    assertEquals(297, json.get("rows").asInt());
    assertEquals(297, json.get("readings").size());
    assertEquals(1, json.get("expert_nodes").asInt());
    assertEquals(1500, json.get("readings").get(0).get("row").asInt());
  }
}
