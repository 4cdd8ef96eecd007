package io.moesaic.deploy.dev;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moesaic.wire.NodeAddress;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

@Timeout(180)
class LocalClusterTest {
  private static final int EXPERTS_OF_BUNDLED_MODEL = 4 * 8;

  @Test
  void expertNodesShareTheModelAndComeBackOnTheirAddressAfterAKill() throws InterruptedException {
    var spec = ClusterSpec.ofBundledModel().withExperts(2);
    ProcessHandle killed;
    try (var cluster = LocalCluster.startExperts(spec, ClusterProgress.SILENT)) {
      assertEquals(
          EXPERTS_OF_BUNDLED_MODEL,
          cluster.status().stream().mapToInt(NodeStatus::heldExperts).sum());

      var expert = cluster.experts().getLast();
      var address = expert.address();
      killed = ProcessHandle.of(expert.pid()).orElseThrow();
      expert.kill();
      assertFalse(killed.isAlive());
      assertEquals(NodeState.DOWN, expert.status().state());

      expert.restart();
      assertEquals(NodeState.READY, expert.status().state());
      assertEquals(address, expert.address());
      killed = ProcessHandle.of(expert.pid()).orElseThrow();
      assertThrows(IllegalStateException.class, cluster::url);
    }
    assertFalse(killed.isAlive(), "closing the cluster ends its processes");
  }

  @Test
  void expertNodesMayLiveInThisProcess() throws InterruptedException {
    var spec = ClusterSpec.ofBundledModel().withExperts(2).withExpertHost(ExpertHost.IN_PROCESS);
    try (var cluster = LocalCluster.startExperts(spec, ClusterProgress.SILENT)) {
      assertEquals(ProcessHandle.current().pid(), cluster.experts().getFirst().pid());
      assertEquals(
          EXPERTS_OF_BUNDLED_MODEL,
          cluster.status().stream().mapToInt(NodeStatus::heldExperts).sum());
    }
  }

  @Test
  void aNodeThatCannotStartIsToldWithTheEndOfItsLog() {
    var spec = ClusterSpec.ofBundledModel().withExperts(EXPERTS_OF_BUNDLED_MODEL + 1);
    var inProcess = spec.withExpertHost(ExpertHost.IN_PROCESS);
    assertThrows(
        IllegalArgumentException.class,
        () -> LocalCluster.startExperts(inProcess, ClusterProgress.SILENT));

    var wrongFlag = ClusterSpec.ofBundledModel().withExperts(1).withRouterFlags("--kv-tokens=many");
    var failure =
        assertThrows(
            ClusterException.class, () -> LocalCluster.start(wrongFlag, ClusterProgress.SILENT));
    var message = String.valueOf(failure.getMessage());
    assertTrue(message.startsWith("router ended while starting, with status 2"), message);
    assertTrue(message.contains("'many' is not an int"), message);
  }

  @Test
  void aPortInUseIsToldBeforeAnythingStarts() throws IOException {
    try (var taken = new ServerSocket(0, 1, InetAddress.getLoopbackAddress())) {
      var spec =
          ClusterSpec.ofBundledModel().withHttp(new NodeAddress("127.0.0.1", taken.getLocalPort()));
      var failure =
          assertThrows(
              ClusterException.class, () -> LocalCluster.start(spec, ClusterProgress.SILENT));
      assertTrue(String.valueOf(failure.getMessage()).contains("Choose another port"));
    }
  }
}
