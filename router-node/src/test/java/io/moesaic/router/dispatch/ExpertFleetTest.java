package io.moesaic.router.dispatch;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moesaic.router.dispatch.ExpertNodeState.Status;
import io.moesaic.tensor.TestModels;
import io.moesaic.tensor.ffn.ExpertId;
import io.moesaic.tensor.kernel.Randoms;
import io.moesaic.wire.NodeAddress;
import io.moesaic.wire.WireType;
import io.moesaic.wire.v1.HeldExperts;
import io.moesaic.wire.v1.NodeDescription;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Which nodes are taken, why others are not, and what a router knows of them.
class ExpertFleetTest {
  private static final Path MODEL = TestModels.mixtral();

  private final ScriptedExpertNode node = new ScriptedExpertNode("all", MODEL, _ -> true);

  @AfterEach
  void close() {
    node.close();
  }

  private static ExpertRouter router(NodeAddress... nodes) {
    return new ExpertRouter(MODEL, WireType.F32, Duration.ofSeconds(30), List.of(nodes));
  }

  @Test
  void knowsWhatItsNodesServe() throws Exception {
    node.disguise(d -> d.setLoadedBytes(5).setTotalBytes(6).setMemoryBytes(7));
    try (var router = router(node.address())) {
      router.awaitComplete();
      assertEquals(
          List.of(new ExpertNodeState(node.address(), "all", Status.SERVING, "", 16, 5, 6, 7)),
          router.fleet().states());
      assertEquals(List.of(), router.fleet().placement().missing());
      assertTrue(router.fleet().placement().epoch() > 0);
    }
  }

  @Test
  void waitsForANodeThatLoads() throws Exception {
    node.disguise(d -> d.setServing(false).setLoadedBytes(40).setTotalBytes(100));
    try (var router = router(node.address())) {
      var loading = router.await(0, Status.LOADING);
      assertEquals(40, loading.loadedBytes());
      assertEquals(100, loading.totalBytes());
      assertFalse(router.fleet().awaitComplete(20));
      assertEquals(node.address() + " is loading", router.fleet().describeAbsent());
      node.disguise(_ -> {});
      router.awaitComplete();
      assertEquals(Status.SERVING, router.fleet().states().getFirst().status());
    }
  }

  @Test
  void doesNotTakeANodeThatServesSomethingElse() throws Exception {
    assertDown(
        d -> d.setFingerprint("0123").setModel("other"),
        "serves model \"other\" with fingerprint 0123, but this router's \"tiny\" has ");
    assertDown(
        d -> d.setMaxRows(100),
        "accepts batches of 100 rows, but this router sends up to 512: give it --max-rows 512");
    assertDown(d -> d.clearWireTypes().addWireTypes("f8"), "speaks [f8], not f32");
    assertDown(
        d -> d.addHeld(HeldExperts.newBuilder().setLayer(1).addExperts(8)),
        "claims expert 1.8, which the model does not have");
    assertDown(
        d -> d.addHeld(HeldExperts.newBuilder().setLayer(2).addExperts(0)),
        "claims expert 2.0, which the model does not have");
    assertDown(
        d -> d.addHeld(HeldExperts.newBuilder().setLayer(-1).addExperts(-5)),
        "claims expert -1.-5, which the model does not have");
  }

  /// And takes it once it is what it should be.
  private void assertDown(Consumer<NodeDescription.Builder> disguise, String reason)
      throws Exception {
    node.disguise(disguise);
    try (var router = router(node.address())) {
      var down = router.await(0, Status.DOWN);
      assertTrue(down.reason().startsWith(reason), down.reason());
      assertFalse(router.fleet().awaitComplete(1));
      assertTrue(
          router.fleet().describeAbsent().startsWith(node.address() + " is down (" + reason),
          router.fleet().describeAbsent());
      node.disguise(_ -> {});
      router.awaitComplete();
    }
  }

  @Test
  void aNodeThatDoesNotAnswerTheStreamDoesNotServe() throws Exception {
    node.acceptsStreams(false);
    try (var router = router(node.address())) {
      var down = router.await(0, Status.DOWN);
      assertEquals("did not accept a stream within 5 s", down.reason());
      node.acceptsStreams(true);
      router.awaitComplete();
    }
  }

  @Test
  void findsANodeThatComesLater() throws Exception {
    node.die();
    try (var router = router(node.address())) {
      router.await(0, Status.DOWN);
      assertEquals(16, router.fleet().placement().missing().size());
      node.comeBack();
      router.awaitComplete();
    }
  }

  @Test
  void anotherNodeTakesOverWhatALostOneHad() throws Exception {
    var hidden = new Randoms(Arena.ofAuto()).matrix(9, 32);
    try (var spare = new ScriptedExpertNode("spare", MODEL, _ -> true);
        var router = router(node.address(), spare.address())) {
      router.await(0, Status.SERVING);
      router.await(1, Status.SERVING);
      awaitHost(router, 0);
      assertTrue(router.forward(1, hidden).complete());
      long epoch = router.fleet().placement().epoch();
      node.die();
      awaitHost(router, 1);
      assertTrue(router.fleet().placement().epoch() > epoch);
      assertTrue(router.forward(1, hidden).complete());
      assertEquals(List.of(), router.fleet().placement().missing());
    }
  }

  /// Waits until this host has the first expert.
  private static void awaitHost(ExpertRouter router, int host) throws InterruptedException {
    while (router.fleet().placement().host(0, 0) != host) {
      Thread.sleep(1);
    }
  }

  @Test
  void saysWhatIsMissingWhenAllItsNodesServe() throws Exception {
    var hidden = new Randoms(Arena.ofAuto()).matrix(300, 32);
    try (var part = new ScriptedExpertNode("part", MODEL, id -> id.expert() != 3);
        var router = router(part.address())) {
      router.await(0, Status.SERVING);
      assertFalse(router.fleet().awaitComplete(50));
      assertEquals(
          List.of(new ExpertId(0, 3), new ExpertId(1, 3)), router.fleet().placement().missing());
      var result = router.forward(0, hidden);
      for (int row = 0; row < hidden.rows(); row++) {
        if (result.failures().failed(row)) {
          assertEquals(
              "no node serves expert 0.3: all expert nodes that the router knows serve, add one"
                  + " that hosts what is missing",
              result.failures().reason(row));
        }
      }
      assertTrue(result.failed() > 0 && result.failed() < hidden.rows());
    }
  }
}
