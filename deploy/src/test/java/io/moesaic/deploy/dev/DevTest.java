package io.moesaic.deploy.dev;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// `moesaic dev` as its user sees it: over real processes.
@Timeout(240)
class DevTest {
  private static final Duration END_LIMIT = Duration.ofSeconds(30);

  @TempDir Path directory;

  private Path log() {
    return directory.resolve("dev.log");
  }

  private Process dev(String... arguments) throws IOException {
    var all = Stream.concat(Stream.of("dev", "--http=0"), Stream.of(arguments)).toList();
    return Installation.current().moesaic(all, log()).start();
  }

  private static List<ProcessHandle> processes(JsonNode summary) {
    return summary
        .path("nodes")
        .valueStream()
        .flatMap(node -> ProcessHandle.of(node.path("pid").asLong()).stream())
        .toList();
  }

  /// Blocks until none of them is left.
  private static void assertEnd(List<ProcessHandle> processes) throws InterruptedException {
    long deadline = System.nanoTime() + END_LIMIT.toNanos();
    while (processes.stream().anyMatch(ProcessHandle::isAlive)) {
      assertTrue(System.nanoTime() < deadline, "left behind: " + processes);
      Thread.sleep(20);
    }
  }

  @Test
  void runsACommandAndEndsWithItsStatusAndNothingLeft() throws Exception {
    var dev = dev("--experts=2", "--json", "--", "sh", "-c", "echo \"$MOESAIC_URL\"; exit 7");
    var out = new String(dev.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertEquals(7, dev.waitFor(), () -> read(log()));
    var summary =
        new ObjectMapper()
            .readTree(
                Files.readAllLines(log()).stream()
                    .filter(line -> line.startsWith("{"))
                    .findFirst()
                    .orElseThrow());
    assertEquals(summary.path("url").asText(), out.strip(), "stdout is the command's alone");
    assertEquals(List.of(), processes(summary));
  }

  @Test
  void killedItLeavesNoProcess() throws Exception {
    var dev = dev("--experts=2", "--json");
    var nodes = processes(new ObjectMapper().readTree(dev.inputReader().readLine()));
    assertEquals(3, nodes.size());
    dev.destroyForcibly().waitFor();
    assertEnd(nodes);
  }

  @Test
  void endsInOrderOnASignal() throws Exception {
    var dev = dev("--experts=1");
    var out = dev.inputReader();
    var first = out.readLine();
    assertTrue(first.startsWith("moesaic-demo is ready after "), first);
    assertEquals("", out.readLine());
    assertTrue(out.readLine().startsWith("NODE "));
    assertTrue(out.readLine().startsWith("router "));
    assertTrue(out.readLine().startsWith("expert-0 "));
    var nodes = dev.descendants().toList();
    assertEquals(2, nodes.size());
    dev.destroy();
    assertEquals(128 + 15, dev.waitFor());
    assertEquals(0, nodes.stream().filter(ProcessHandle::isAlive).count());
  }

  private static String read(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      return e.toString();
    }
  }
}
