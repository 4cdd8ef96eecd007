package io.moesaic.deploy.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moesaic.router.MoeSettings;
import io.moesaic.router.capacity.CapacityJson;
import io.moesaic.router.capacity.CapacityPolicy;
import io.moesaic.router.capacity.RequestCapacity;
import io.moesaic.router.gate.PolicyJson;
import io.moesaic.router.gate.RoutingPolicy;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;
import picocli.CommandLine.ParameterException;

class MoeOptionsTest {
  private static MoeOptions parse(String... arguments) {
    var options = new MoeOptions();
    var commandLine = new CommandLine(options);
    Converters.register(commandLine);
    commandLine.parseArgs(arguments);
    return options;
  }

  @Test
  void withoutThemARouterDoesAsTheModelWasTrained() {
    assertEquals(MoeSettings.DEFAULT, parse().settings());
  }

  @Test
  void aWordOrANumberIsEnough() {
    var options = parse("--policy=switch_top_1", "--capacity=1.25", "--request-capacity=0.5");
    assertEquals(new RoutingPolicy.SwitchTop1(), options.policy);
    assertEquals(CapacityJson.parse("{\"factor\": 1.25}"), options.capacity);
    assertEquals(new RequestCapacity(true, 0.5), options.requestCapacity);
    assertEquals(CapacityPolicy.DROPLESS, parse("--capacity=none").capacity);
    assertEquals(RequestCapacity.NONE, parse("--request-capacity=none").requestCapacity);
  }

  @Test
  void jsonMayStandOnTheCommandLineOrInAFile(@TempDir Path directory) throws IOException {
    var capacity = "{\"factor\": 2, \"scope\": \"step\", \"overflow\": \"local\"}";
    var file = Files.writeString(directory.resolve("capacity.json"), capacity);
    assertEquals(CapacityJson.parse(capacity), parse("--capacity=" + capacity).capacity);
    assertEquals(CapacityJson.parse(capacity), parse("--capacity=" + file).capacity);
    var policy = "{\"type\": \"hash\", \"k\": 2, \"seed\": 7}";
    assertEquals(PolicyJson.parse(policy), parse("--policy=" + policy).policy);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--policy=switch | type is \"switch\" but must be one of dense, noisy_top_k",
        "--policy={\"type\": \"hash\", \"k\": 0} | k is 0 but must be an integer from 1",
        "--policy=/no/such.json | is \"/no/such.json\", must be a type such as switch_top_1",
        "--capacity=0 | factor is 0.0 but must be a number above 0, at most 1000",
        "--capacity=much | is \"much\", must be none, a factor such as 1.25, JSON such as",
        "--capacity={\"factor\": 1, \"scoop\": \"step\"} | scoop is not known here; known are",
        "--request-capacity=some | is \"some\", must be any, none or a least factor such as 0.5",
        "--request-capacity=-1 | least factor is -1.0, must be from 0 to 1000",
      })
  void whatIsWrongIsToldWithItsValueAndWhatIsAllowed(String argument, String message) {
    var failure = assertThrows(ParameterException.class, () -> parse(argument));
    var told = String.valueOf(failure.getMessage());
    assertTrue(told.contains(message), told);
    assertTrue(told.contains(argument.substring(0, argument.indexOf('='))), told);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "any | none | model",
        "none | 1.5 | dense",
        "0.75 | {\"rule\": \"fixed\", \"capacity\": 9, \"priority\": \"random\"} | switch_top_1",
      })
  void aRouterThatIsGivenTheFlagsHasTheSameSettings(
      String requests, String capacity, String policy) {
    var options = parse("--request-capacity=" + requests, "--capacity=" + capacity);
    if (!policy.equals("model")) {
      options.policy = MoeConverters.routing(policy);
    }
    assertEquals(options.settings(), parse(options.flags().toArray(String[]::new)).settings());
  }

  @Test
  void aRouterThatIsGivenNoCapacityHasTheModelsOwn() {
    var flags = parse("--policy=dense").flags();
    assertEquals(
        parse("--policy=dense").settings(), parse(flags.toArray(String[]::new)).settings());
    assertTrue(parse(flags.toArray(String[]::new)).settings().capacity().isEmpty());
  }
}
