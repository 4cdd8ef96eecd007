package io.moesaic.tensor.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moesaic.tensor.Refused;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class JsonTest {
  private static Json parse(String text) throws Json.SyntaxException {
    return Json.parse(text.getBytes(StandardCharsets.UTF_8));
  }

  @Test
  void readsEveryKindOfValue() throws Json.SyntaxException {
    var value =
        parse(" {\"a\": [1, -2.5e+3, true, false, null], \"b\\u00e4\\n\\\"\": {\"c\": \"\"}} ");
    assertEquals(
        new Json.Fields(
            Map.of(
                "a",
                new Json.Items(
                    List.of(
                        new Json.Numeral("1"),
                        new Json.Numeral("-2.5e+3"),
                        new Json.Flag(true),
                        new Json.Flag(false),
                        new Json.Null())),
                "bä\n\"",
                new Json.Fields(Map.of("c", new Json.Text(""))))),
        value);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      value = {
        "{            | unexpected end at character 1",
        "{\"a\":1,}   | expected '\"' at character 7",
        "{\"a\" 1}    | expected ':' at character 5",
        "[1 2]        | expected ',' at character 3",
        "[1,]         | expected a value at character 3",
        "01           | text after the value at character 1",
        "-            | expected a value at character 1",
        "1.           | expected a value at character 2",
        "1e           | expected a value at character 2",
        "tru          | expected a value at character 0",
        "\"a          | unexpected end at character 2",
        "\"\\x\"      | unknown escape in a string at character 3",
        "\"\\u12g4\"  | unknown escape in a string at character 5",
        "1 2          | text after the value at character 2",
      })
  void refusesWhatIsNotJson(String text, String message) {
    assertEquals(message, Refused.with(Json.SyntaxException.class, () -> parse(text)));
  }

  @Test
  void refusesDuplicateKeys() {
    assertEquals(
        "duplicate key \"a\" at character 13",
        Refused.with(Json.SyntaxException.class, () -> parse("{\"a\":1,\"b\":2,\"a\":3}")));
  }

  @Test
  void refusesDeepNestingWithoutOverflowingTheStack() {
    assertEquals(
        "more than 64 levels of nesting at character 64",
        Refused.with(Json.SyntaxException.class, () -> parse("[".repeat(1_000_000))));
  }

  @Test
  void refusesMalformedUtf8() {
    assertEquals(
        "malformed UTF-8 at character 0",
        Refused.with(
            Json.SyntaxException.class, () -> Json.parse(new byte[] {'"', (byte) 0xff, '"'})));
  }
}
