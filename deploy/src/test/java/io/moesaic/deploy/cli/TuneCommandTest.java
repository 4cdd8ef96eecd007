package io.moesaic.deploy.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

@Timeout(120)
class TuneCommandTest {
  private static Outcome tune(String... options) {
    return Outcome.of(Stream.of("tune"), options);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--factors=1,0      | 1 | factor is 0.0, must be above 0, at most 1000",
        "--factors=one      | 2 | --factors",
        "--overflow=spill   | 2 | is \"spill\", must be OVERFLOW or OVERFLOW:PRIORITY",
        "--rule=fixed       | 1 | rule is fixed, which has no factor",
        "--rule=mega        | 2 | is \"mega\", must be plain or fixed or switch",
        "--scope=request    | 1 | scope is request, must be sequence or step",
        "--window=1         | 1 | window is 1 tokens, must be from 2 to 4096",
        "--batch=0          | 1 | batch is 0 windows of 256 tokens, must be at least 1",
        "--tokens=255       | 1 | tokens are 255 of each text, must be from the window, 256",
        "--tolerance=0      | 1 | tolerance is 0.0 %, must be above 0, up to 100",
        "--text=/no/such    | 1 | no such file: /no/such",
      })
  void aWrongOptionIsToldWithItsValueAndWhatIsAllowed(String option, int status, String message) {
    var outcome = tune(option);
    assertEquals(status, outcome.status(), outcome.err());
    assertTrue(outcome.err().contains(message), outcome.err());
  }

  @Test
  void aBatchThatNoPassTakesIsToldWithTheMost() {
    var outcome = tune("--experts=1", "--batch=3");
    assertEquals(1, outcome.status(), outcome.err());
    assertTrue(
        outcome.err().contains("batch is 3 windows of 256 tokens, must be at most the 512 tokens"),
        outcome.err());
  }

  @Test
  void measuresOnANodeInAProcessOfItsOwnAndPrintsJson() throws Exception {
    var outcome =
        tune(
            "--experts=1",
            "--tokens=64",
            "--window=32",
            "--factors=1",
            "--overflow=drop",
            "--json");
    assertEquals(0, outcome.status(), outcome.err());
    var json = new ObjectMapper().readTree(outcome.out());
    assertEquals(5, json.get("texts").size());
    assertEquals(1, json.get("rows").size());
    var row = json.get("rows").get(0);
    assertEquals(
        row.get("offered").asLong(),
        row.get("accepted").asLong() + row.get("dropped").asLong() + row.get("rerouted").asLong());
    assertEquals(5, row.get("texts").size());
    assertEquals(1, json.get("dropless").get("agreement").asDouble());
    assertTrue(outcome.err().contains("15 of 15 passes"), outcome.err());
  }
}
