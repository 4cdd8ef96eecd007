package io.moesaic.expert;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moesaic.expert.store.Shard;
import io.moesaic.tensor.Refused;
import io.moesaic.wire.NodeAddress;
import io.moesaic.wire.WireLimits;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ExpertSettingsTest {
  private static ExpertSettings settings(
      String name, String listen, int threads, int queueBatches, boolean insecure) {
    return new ExpertSettings(
        name,
        Path.of("models/tiny/"),
        new Shard(0, 1),
        NodeAddress.parse(listen),
        threads,
        queueBatches,
        WireLimits.DEFAULT,
        ExpertSettings.WARMUP,
        insecure);
  }

  private static String refusal(String name, String listen, int threads, int queueBatches) {
    return Refused.with(
        IllegalArgumentException.class, () -> settings(name, listen, threads, queueBatches, false));
  }

  @Test
  void listensToOtherHostsOnlyWhenItIsAllowed() {
    var refusal = refusal("a", "0.0.0.0:9000", 1, 1);
    assertTrue(refusal.startsWith("listen is 0.0.0.0:9000, which other hosts can reach"), refusal);
    assertTrue(refusal.contains("listen on 127.0.0.1"), refusal);
    assertEquals(9000, settings("a", "0.0.0.0:9000", 1, 1, true).listen().port());
  }

  @Test
  void refusesWhatCannotRun() {
    assertEquals("name is blank, a node needs one", refusal(" ", "127.0.0.1:0", 1, 1));
    assertEquals(
        "threads are 0 and queued batches 7, both must be at least 1",
        refusal("a", "127.0.0.1:0", 0, 7));
    assertEquals(
        "threads are 2 and queued batches 0, both must be at least 1",
        refusal("a", "127.0.0.1:0", 2, 0));
  }

  @Test
  void namesTheModelAfterItsDirectory() {
    assertEquals("tiny", settings("a", "127.0.0.1:0", 1, 1, false).modelName());
  }
}
