package io.moesaic.deploy.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

class UserCommandTest {
  private static final Map<String, String> VARIABLES = Map.of("MOESAIC_URL", "http://h:1");

  private static List<String> expanded(String... words) {
    return new UserCommand(List.of(words), VARIABLES).expanded();
  }

  @Test
  void expandsTheClustersVariablesAndNoOthers() {
    assertEquals(
        List.of("curl", "http://h:1/health", "http://h:1", "$HOME", "$MOESAIC_URLS", "$"),
        expanded("curl", "$MOESAIC_URL/health", "${MOESAIC_URL}", "$HOME", "$MOESAIC_URLS", "$"));
  }

  @Test
  void givesTheCommandItsEnvironmentAndReturnsItsStatus() throws InterruptedException {
    var command =
        new UserCommand(
            List.of("sh", "-c", "test \"$M\" = \"a value\" && exit 7"), Map.of("M", "a value"));
    assertEquals(7, command.run());
  }

  @Test
  void aCommandThatIsNotThereIsAFailure() {
    assertThrows(CommandFailure.class, () -> new UserCommand(List.of("/no/such"), VARIABLES).run());
  }
}
