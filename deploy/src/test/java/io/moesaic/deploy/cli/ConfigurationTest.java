package io.moesaic.deploy.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moesaic.router.MoeSettings;
import io.moesaic.router.capacity.CapacityJson;
import io.moesaic.router.capacity.RequestCapacity;
import io.moesaic.router.gate.RoutingPolicy;
import io.moesaic.wire.NodeAddress;
import io.moesaic.wire.WireType;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import picocli.CommandLine;

class ConfigurationTest {
  private static final Map<String, String> NO_VARIABLES = Map.of();

  @TempDir Path directory;

  private Path file(String yaml) throws IOException {
    return Files.writeString(directory.resolve("router.yaml"), yaml);
  }

  private static RouterCommand router(Map<String, String> environment, String... arguments) {
    var router = new RouterCommand();
    var commandLine = new CommandLine(router);
    Converters.register(commandLine);
    commandLine.setDefaultValueProvider(Configuration.of(commandLine, arguments, environment));
    commandLine.parseArgs(arguments);
    return router;
  }

  @Test
  void theCommandLineCountsMoreThanTheEnvironmentAndThatMoreThanTheFile() throws IOException {
    var file = file("{model: m, experts: 'a:1', queue-requests: 1, kv-tokens: 1, threads: 1}");
    var router =
        router(
            Map.of("MOESAIC_KV_TOKENS", "2", "MOESAIC_THREADS", "2"),
            "--config=" + file,
            "--threads=3");
    assertEquals(1, router.queueRequests, "from the file");
    assertEquals(2, router.kvTokens, "from the environment");
    assertEquals(3, router.daemon.threads, "from the command line");
    assertEquals(WireType.F32, router.wire, "the default");
  }

  @Test
  void aFlagMeansTheSameWhereverItStands() throws IOException {
    var file = file("{model: m, experts: 'a:1', insecure: true}");
    assertTrue(router(NO_VARIABLES, "--config=" + file).daemon.insecure);
    assertTrue(router(NO_VARIABLES, "--config=" + file, "--insecure").daemon.insecure);
    var variables = Map.of("MOESAIC_INSECURE", "false", "MOESAIC_ANNOUNCE", "true");
    assertFalse(router(variables, "--config=" + file).daemon.insecure);
    assertFalse(router(variables, "--config=" + file).daemon.announce, "for command lines only");
  }

  @Test
  void everyKindOfValueCanStandInTheFile() throws IOException {
    var file =
        file(
            """
            model: models/mixtral
            http: 127.0.0.1:0
            experts:
              - 10.0.0.1:9000
              - 10.0.0.2:9000
            wire: bf16
            dispatch-timeout: 500ms
            insecure: true
            policy: switch_top_1
            capacity: {factor: 1.25, layers: {"0": 2}}
            request-capacity: 0.5
            """);
    var router = router(Map.of("MOESAIC_CONFIG", file.toString()));
    assertEquals(Path.of("models/mixtral"), router.daemon.model);
    assertEquals(new NodeAddress("127.0.0.1", 0), router.http);
    assertEquals(
        List.of(new NodeAddress("10.0.0.1", 9000), new NodeAddress("10.0.0.2", 9000)),
        router.experts);
    assertEquals(WireType.BF16, router.wire);
    assertEquals(Duration.ofMillis(500), router.dispatchTimeout);
    assertTrue(router.daemon.insecure);
    assertEquals(
        new MoeSettings(
            Optional.of(new RoutingPolicy.SwitchTop1()),
            Optional.of(CapacityJson.parse("{\"factor\": 1.25, \"layers\": {\"0\": 2}}")),
            new RequestCapacity(true, 0.5)),
        router.moe.settings());
  }

  @Test
  void anUnknownKeyIsRefusedWithTheNearestOne() throws IOException {
    var file = file("kv_tokens: 4");
    var failure =
        assertThrows(CommandFailure.class, () -> router(NO_VARIABLES, "--config", file.toString()));
    assertMentions("unknown key \"kv_tokens\" (did you mean kv-tokens?)", failure.getMessage());
  }

  @Test
  void aFileThatIsMissingOrNoMapIsRefused() throws IOException {
    var missing = directory.resolve("missing.yaml");
    assertMentions(
        "does not exist",
        assertThrows(CommandFailure.class, () -> router(NO_VARIABLES, "--config=" + missing))
            .getMessage());
    var list = file("- a");
    assertMentions(
        "key: value",
        assertThrows(CommandFailure.class, () -> router(NO_VARIABLES, "--config=" + list))
            .getMessage());
  }

  @Test
  void anUnknownVariableIsToldWithTheNearestOne() {
    var environment = Map.of("MOESAIC_THREAD", "2", "MOESAIC_URL", "x", "HOME", "y");
    assertEquals(
        List.of(
            "environment variable MOESAIC_THREAD is unknown (did you mean MOESAIC_THREADS?)"
                + " and has no effect"),
        Configuration.unknownVariables(environment, List.of(new CommandLine(new RouterCommand()))));
  }

  private static void assertMentions(String part, @Nullable String text) {
    assertTrue(text != null && text.contains(part), text);
  }
}
