package io.moesaic.router.layer;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moesaic.router.dispatch.Reaction;
import io.moesaic.router.layer.Rows.Columns;
import io.moesaic.tensor.DType;
import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.TestModels;
import io.moesaic.tensor.kernel.Randoms;
import io.moesaic.wire.NodeAddress;
import io.moesaic.wire.WireType;
import java.lang.foreign.Arena;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Exchanges beside each other, and how they end. Closing a cluster checks that nothing leaked.
@Timeout(120)
class ExchangesTest {
  private static final int HIDDEN = 32;
  private static final Columns MOE = Columns.moe(DType.F32, HIDDEN);

  private final Randoms random = new Randoms(Arena.ofAuto());

  /// The first node has layer 0, the second layer 1.
  private static LayerCluster oneNodeForEachLayer() throws Exception {
    return new LayerCluster(
        TestModels.mixtral(), WireType.F32, 2, (node, id) -> id.layer() == node);
  }

  private Rows rows(int count) {
    return Rows.of(random.matrix(count, HIDDEN));
  }

  private static void await(BooleanSupplier condition) throws InterruptedException {
    long end = System.nanoTime() + 30_000_000_000L;
    while (!condition.getAsBoolean()) {
      assertTrue(System.nanoTime() < end, "it did not come true");
      Thread.sleep(2);
    }
  }

  @Test
  void aNodeThatDiesEndsTheExchangesThatNeedItAndNoOther() throws Exception {
    try (var cluster = oneNodeForEachLayer();
        var client = cluster.client();
        var first = client.open(0, MOE);
        var second = client.open(1, MOE)) {
      assertEquals(HIDDEN, second.ask(rows(1), "").values().length);
      cluster.node(1).next(new Reaction.Die());
      second.send(rows(3), "");
      var refusal = second.refusal();
      assertTrue(refusal.startsWith("UNAVAILABLE hidden[0]: "), refusal);
      assertTrue(refusal.contains(cluster.node(1).label()), refusal);
      assertEquals(HIDDEN, first.ask(rows(1), "").values().length);
      try (var later = client.open(1, MOE)) {
        later.send(rows(1), "");
        var missing = later.refusal();
        assertTrue(missing.contains("no node serves expert 1."), missing);
      }
      assertEquals(HIDDEN, first.ask(rows(1), "").values().length);
      assertEquals(2, cluster.service().counters().get(LayerCounter.BATCHES_FAILED));
    }
  }

  @Test
  void aSlowLayerHoldsUpNoOther() throws Exception {
    try (var cluster = oneNodeForEachLayer();
        var client = cluster.client();
        var fast = client.open(0, MOE);
        var slow = client.open(1, MOE)) {
      cluster.node(1).next(Reaction.KEEP);
      slow.send(rows(2), "");
      await(() -> cluster.node(1).kept() == 1);
      for (int i = 0; i < 10; i++) {
        assertEquals(HIDDEN, fast.ask(rows(1), "").values().length);
      }
      cluster.node(1).answerKept();
      assertEquals(2 * HIDDEN, slow.reply().values().length);
    }
  }

  @Test
  void aClientMayGoAwayInTheMiddle() throws Exception {
    try (var cluster = oneNodeForEachLayer();
        var client = cluster.client()) {
      cluster.node(0).next(Reaction.KEEP);
      var leaving = client.open(0, MOE);
      for (int i = 0; i < 5; i++) {
        leaving.send(rows(2), "");
      }
      await(() -> cluster.node(0).kept() == 1);
      leaving.cancel();
      leaving.close();
      cluster.node(0).answerKept();
      try (var other = client.open(0, MOE)) {
        assertEquals(HIDDEN, other.ask(rows(1), "").values().length);
      }
      // Of the five only the one that was being computed may have been answered to nobody.
      assertEquals(0, cluster.service().counters().get(LayerCounter.BATCHES_FAILED));
    }
  }

  @Test
  void manyExchangesShareTheThreads() throws Exception {
    try (var cluster = LayerCluster.of(TestModels.mixtral());
        var client = cluster.client()) {
      List<LayerClient.Exchange> open = new ArrayList<>();
      for (int i = 0; i < 40; i++) {
        open.add(client.open(i % 2, MOE));
        open.getLast().send(rows(3), "{\"request_id\": " + i + "}");
      }
      for (int i = 0; i < open.size(); i++) {
        assertEquals(i, open.get(i).reply().metadata().path("request_id").asInt());
      }
      open.forEach(LayerClient.Exchange::close);
    }
  }

  @Test
  void thereIsABoundOnExchanges() throws Exception {
    try (var cluster = LayerCluster.of(TestModels.mixtral());
        var client = cluster.client()) {
      List<LayerClient.Exchange> open = new ArrayList<>();
      for (int i = 0; i < LayerHandler.MAX_EXCHANGES; i++) {
        open.add(client.open(0, MOE));
      }
      await(
          () ->
              cluster.service().counters().get(LayerCounter.EXCHANGES_OPENED)
                  == LayerHandler.MAX_EXCHANGES);
      try (var more = client.open(0, MOE)) {
        assertEquals(
            "RESOURCE_EXHAUSTED 256 exchanges are open already, close some or use them for more"
                + " than one batch",
            more.refusal());
      }
      var first = open.removeFirst();
      first.halfClose();
      assertTrue(first.isOver());
      first.close();
      try (var instead = client.open(0, MOE)) {
        assertEquals(HIDDEN, instead.ask(rows(1), "").values().length);
      }
      open.forEach(LayerClient.Exchange::close);
    }
  }

  @Test
  void aServiceThatStopsAnswersWhatItHas() throws Exception {
    try (var cluster = oneNodeForEachLayer();
        var client = cluster.client();
        var exchange = client.open(0, MOE)) {
      cluster.node(0).next(Reaction.KEEP);
      exchange.send(rows(1), "{\"request_id\": 1}");
      await(() -> cluster.node(0).kept() == 1);
      exchange.send(rows(1), "{\"request_id\": 2}");
      // The second has come when nothing more is under way.
      var closing = Thread.ofPlatform().unstarted(() -> cluster.close(Duration.ofSeconds(30)));
      Thread.sleep(100);
      closing.start();
      Thread.sleep(100);
      cluster.node(0).answerKept();
      assertEquals(1, exchange.reply().metadata().path("request_id").asInt());
      assertEquals(2, exchange.reply().metadata().path("request_id").asInt());
      assertEquals("UNAVAILABLE the router is shutting down", exchange.refusal());
      closing.join();
    }
  }

  @Test
  void aServiceWithoutItsModelYetSaysSo() throws Exception {
    try (var service = LayerService.bind(new NodeAddress("127.0.0.1", 0), LayerCluster.MODEL);
        var client = new LayerClient(service.address());
        var exchange = client.open(0, MOE)) {
      assertEquals(
          "UNAVAILABLE the model is being loaded, try again in a while", exchange.refusal());
    }
  }

  @Test
  void repliesThatNobodyReadsHoldUpTheirOwnExchangeOnly() throws Exception {
    try (var cluster = LayerCluster.of(TestModels.mixtral());
        var client = cluster.client();
        var unread = client.open(0, MOE);
        var other = client.open(0, MOE)) {
      for (int i = 0; i < 30; i++) {
        unread.send(Rows.of(Matrix.allocate(400, HIDDEN)), "");
      }
      assertEquals(HIDDEN, other.ask(rows(1), "").values().length);
      for (int i = 0; i < 30; i++) {
        assertEquals(400 * HIDDEN, unread.reply().values().length);
      }
    }
  }
}
