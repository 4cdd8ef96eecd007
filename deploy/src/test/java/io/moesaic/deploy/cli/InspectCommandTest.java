package io.moesaic.deploy.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.core.JsonProcessingException;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class InspectCommandTest {
  private static final Path GOLDEN =
      Path.of(System.getProperty("moesaic.root", ".."), "tensor/src/test/golden");

  private static Outcome inspect(String... arguments) {
    return Outcome.of(Stream.of("inspect"), arguments);
  }

  @Test
  void peopleGetTables() {
    var outcome = inspect("--model", GOLDEN.resolve("qwen2_moe").toString(), "--experts", "1,32");
    assertEquals(0, outcome.status(), outcome.err());
    assertTrue(outcome.out().contains("qwen2_moe, served"), outcome.out());
    assertTrue(
        outcome.out().contains("16 in each layer, 32 in all, 4 for each token"), outcome.out());
    assertTrue(
        outcome.out().lines().anyMatch(line -> line.matches("shared experts +10816 +6.2 %")),
        outcome.out());
    assertTrue(outcome.out().lines().anyMatch(line -> line.matches("32 +1 +18 kB")), outcome.out());
  }

  @Test
  void theRouterIsCountedWithItsKeysAndValues() throws JsonProcessingException {
    var model = GOLDEN.resolve("mixtral").toString();
    assertTrue(
        inspect("--model", model)
            .out()
            .contains(
                "1.2 kB for each token, in float32: 19 MB for 16384 (--kv-tokens); with its weights"
                    + " the router takes at least 19 MB"),
        inspect("--model", model).out());
    var json = new ObjectMapper().readTree(inspect("--model", model, "--json").out());
    assertEquals(16384, json.get("kv_tokens").asInt());
    assertEquals(16384 * json.get("kv_bytes_per_token").asLong(), json.get("kv_bytes").asLong());
    assertEquals(
        json.get("weights").get("router_bytes").asLong() + json.get("kv_bytes").asLong(),
        json.get("router_memory_bytes").asLong());
  }

  @Test
  void nodesHaveOneExpertMoreOrLess() {
    var out = inspect("--model", GOLDEN.resolve("mixtral").toString(), "--experts", "3,99").out();
    assertTrue(out.lines().anyMatch(line -> line.matches("3 +5 or 6 +111 kB")), out);
    assertTrue(out.contains("a model with 16 experts has at most 16 nodes"), out);
    assertTrue(out.contains("each has every N-th"), out);
  }

  @Test
  void programsGetOneObject() throws JsonProcessingException {
    var outcome = inspect("--model", GOLDEN.resolve("mixtral").toString(), "--json");
    var json = new ObjectMapper().readTree(outcome.out());
    assertTrue(json.get("served").asBoolean());
    assertEquals(88736, json.get("parameters").get("total").asLong());
    assertEquals(4, json.get("expert_nodes").size());
  }

  @Test
  void whatIsNotServedFailsAndSaysWhatIsMissing(@TempDir Path directory) throws IOException {
    var config = Files.writeString(directory.resolve("config.json"), "{\"model_type\": \"dbrx\"}");
    var outcome = inspect("--model", config.toString());
    assertEquals(1, outcome.status());
    assertTrue(outcome.out().contains("dbrx, NOT SERVED"), outcome.out());
    assertEquals(1, outcome.out().lines().filter(line -> line.contains("dbrx\", must")).count());
  }

  @Test
  void aNumberOfNodesIsChecked() {
    var outcome = inspect("--model", GOLDEN.resolve("mixtral").toString(), "--experts", "0");
    assertEquals(2, outcome.status());
    assertTrue(outcome.err().contains("--experts is 0, must be from 1"), outcome.err());
  }
}
