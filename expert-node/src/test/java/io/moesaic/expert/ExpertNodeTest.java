package io.moesaic.expert;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Status;
import io.grpc.StatusRuntimeException;
import io.grpc.health.v1.HealthCheckRequest;
import io.grpc.health.v1.HealthCheckResponse.ServingStatus;
import io.grpc.health.v1.HealthGrpc;
import io.moesaic.tensor.Refused;
import io.moesaic.tensor.TestModels;
import io.moesaic.tensor.checkpoint.CheckpointException;
import io.moesaic.wire.TokenSchema;
import io.moesaic.wire.WireType;
import io.moesaic.wire.v1.DispatchHeader;
import io.moesaic.wire.v1.HeldExperts;
import java.io.UncheckedIOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.LockSupport;
import org.junit.jupiter.api.Test;

class ExpertNodeTest {
  private static final TokenSchema F32 = new TokenSchema(WireType.F32, 32, 2);
  private static final TokenSchema BF16 = new TokenSchema(WireType.BF16, 32, 2);

  private static DispatchHeader header(int requestId) {
    return DispatchHeader.newBuilder().setRequestId(requestId).setLayer(1).build();
  }

  private static ServingStatus health(Router router, String service) {
    return HealthGrpc.newBlockingStub(router.channel())
        .check(HealthCheckRequest.newBuilder().setService(service).build())
        .getStatus();
  }

  @Test
  void tellsHowFarItIsWhileItLoads() {
    try (var node = ExpertNode.bind(Nodes.settings(TestModels.mixtral(), 1, 3));
        var router = new Router(node.address())) {
      var before = router.describe();
      assertFalse(before.getServing());
      assertEquals(0, before.getLoadedBytes());
      assertEquals("expert-1", before.getNode());
      assertEquals("mixtral", before.getModel());
      assertEquals(32, before.getFingerprint().length());
      assertEquals("java", before.getArithmetic());
      assertEquals(2, before.getLayers());
      assertEquals(8, before.getExperts());
      assertEquals(32, before.getHidden());
      assertEquals(256, before.getMaxRows());
      assertEquals(List.of("f32", "bf16"), before.getWireTypesList());
      assertEquals(
          List.of(
              HeldExperts.newBuilder().addExperts(1).addExperts(4).addExperts(7).build(),
              HeldExperts.newBuilder().setLayer(1).addExperts(2).addExperts(5).build()),
          before.getHeldList());
      assertEquals(ServingStatus.NOT_SERVING, health(router, ""));

      List<Long> told = new ArrayList<>();
      node.load(
          (loaded, total) -> {
            var now = router.describe();
            assertEquals(loaded, now.getLoadedBytes());
            assertEquals(total, now.getTotalBytes());
            assertFalse(now.getServing());
            told.add(loaded);
          });
      assertEquals(6, told.size());
      var after = router.describe();
      assertTrue(after.getServing());
      assertEquals(after.getTotalBytes(), after.getLoadedBytes());
      assertEquals(node.memoryBytes(), after.getMemoryBytes());
      assertTrue(node.memoryBytes() >= after.getTotalBytes());
      assertEquals(5, node.held().size());
      assertEquals(ServingStatus.SERVING, health(router, ""));
      assertEquals(ServingStatus.SERVING, health(router, "arrow.flight.protocol.FlightService"));
    }
  }

  @Test
  void refusesBatchesUntilItServes() throws Exception {
    try (var node = ExpertNode.bind(Nodes.settings(TestModels.mixtral(), 0, 1));
        var router = new Router(node.address())) {
      var stream = router.open(F32);
      stream.send(header(1), 1, 0, 1);
      assertEquals(Status.Code.UNAVAILABLE.value(), stream.reply().header().getCode());
      node.load((_, _) -> {});
      stream.send(header(2), 1, 0, 1);
      var reply = stream.reply().header();
      assertEquals(0, reply.getCode(), reply.getMessage());
      assertEquals(2, reply.getRequestId());
    }
  }

  @Test
  void streamsOfBothTypesAreServedTogether() throws Exception {
    try (var node = Nodes.serving(TestModels.mixtral(), 0, 1);
        var router = new Router(node.address())) {
      var streams = List.of(router.open(F32), router.open(BF16), router.open(F32));
      for (int i = 0; i < 40; i++) {
        for (var stream : streams) {
          stream.send(header(i), 1 + i, i % 8, -1);
        }
      }
      for (var stream : streams) {
        for (int i = 0; i < 40; i++) {
          var reply = stream.reply();
          int rows = (int) reply.header().getRequestId() + 1;
          int bytes = stream == streams.get(1) ? 2 : 4;
          assertEquals(rows * 32L * bytes, reply.rows().byteSize());
        }
        stream.halfClose();
        assertEquals(Status.Code.OK, stream.end().getCode());
      }
      var counters = router.describe().getCountersMap();
      assertEquals(120, counters.get("batches_received"));
      assertEquals(3 * 820, counters.get("rows_received"));
      assertEquals(3 * 820, counters.get("slots_computed"));
    }
  }

  @Test
  void aBatchWithoutSlotsIsAnsweredWithoutRows() throws Exception {
    try (var node = Nodes.serving(TestModels.mixtral(), 0, 1);
        var router = new Router(node.address())) {
      var stream = router.open(F32);
      stream.send(header(1), 0, 0, 0);
      assertEquals(0, stream.reply().rows().byteSize());
      stream.send(header(2), 3, -1, -1);
      assertEquals(0, stream.reply().rows().byteSize());
      stream.send(header(3), 1, 6, 6);
      var twice = stream.reply().rows();
      assertEquals(2 * 32 * 4, twice.byteSize());
      assertEquals(-1, twice.asSlice(0, 128).mismatch(twice.asSlice(128)));
    }
  }

  @Test
  void releasesWhatACancelledStreamLeftBehind() throws Exception {
    try (var node = Nodes.serving(TestModels.mixtral(), 0, 1);
        var router = new Router(node.address())) {
      for (int i = 0; i < 50; i++) {
        var stream = router.open(F32);
        for (int n = 0; n < 20; n++) {
          stream.send(header(n), 200, 0, 7);
        }
        if (i % 2 == 0) {
          stream.reply();
        }
        stream.cancel();
      }
      var stream = router.open(F32);
      stream.send(header(7), 1, 0, 1);
      assertEquals("", stream.reply().header().getMessage());
    } // closing checks that the allocator is at zero
  }

  @Test
  void answersUnderLoadWhatItAcceptedBeforeItCloses() throws Exception {
    var node = Nodes.serving(TestModels.mixtral(), 0, 1);
    try (var router = new Router(node.address())) {
      var streams = List.of(router.open(F32), router.open(F32), router.open(BF16));
      var warm = new CountDownLatch(streams.size());
      var stop = new AtomicBoolean();
      List<Thread> senders = new ArrayList<>();
      for (var stream : streams) {
        senders.add(
            Thread.ofVirtual()
                .start(
                    () -> {
                      for (int i = 0; i < 20_000 && !stop.get(); i++) {
                        stream.send(header(i), 8, 3, 5);
                        if (i == 500) {
                          warm.countDown();
                        }
                        LockSupport.parkNanos(20_000);
                      }
                    }));
      }
      warm.await();
      assertTrue(router.describe().getCountersOrDefault("rows_received", 0) > 0);
      node.close();
      stop.set(true);
      for (var sender : senders) {
        sender.join();
      }
      for (var stream : streams) {
        assertEquals(Status.Code.UNAVAILABLE, stream.end().getCode());
        long next = 0;
        for (var reply = stream.poll(); reply != null; reply = stream.poll()) {
          var header = reply.header();
          if (header.getCode() == 0) {
            // What was accepted is a prefix of what was sent, and all of it is answered.
            assertEquals(next++, header.getRequestId());
          } else {
            assertEquals(Status.Code.UNAVAILABLE.value(), header.getCode(), header.getMessage());
          }
        }
        assertTrue(next > 0);
      }
    }
    node.close();
  }

  @Test
  void closingEndsALoadInProgress() throws Exception {
    var node = ExpertNode.bind(Nodes.settings(TestModels.mixtral(), 0, 1));
    var begun = new CountDownLatch(1);
    var closing = new CountDownLatch(1);
    var closer =
        Thread.ofPlatform()
            .start(
                () -> {
                  try {
                    begun.await();
                    closing.countDown();
                    node.close();
                  } catch (InterruptedException e) {
                    throw new IllegalStateException(e);
                  }
                });
    var refusal =
        Refused.with(
            IllegalStateException.class,
            () ->
                node.load(
                    (_, _) -> {
                      begun.countDown();
                      try {
                        closing.await();
                        Thread.sleep(20);
                      } catch (InterruptedException e) {
                        throw new IllegalStateException(e);
                      }
                    }));
    assertEquals("node expert-0 has been closed", refusal);
    closer.join();
  }

  @Test
  void refusesToBindWhatItCannotServe() {
    assertTrue(
        Refused.with(
                CheckpointException.class,
                () -> ExpertNode.bind(Nodes.settings(Path.of("no/such/model"), 0, 1)))
            .contains("no/such/model"));
    assertEquals(
        "shard is 16/17, but the model has only 16 experts in all",
        Refused.with(
            IllegalArgumentException.class,
            () -> ExpertNode.bind(Nodes.settings(TestModels.mixtral(), 16, 17))));
  }

  @Test
  void saysWhichAddressItCannotListenOn() {
    try (var node = ExpertNode.bind(Nodes.settings(TestModels.mixtral(), 0, 1))) {
      var settings = Nodes.settings(TestModels.mixtral(), 0, 1);
      var taken =
          new ExpertSettings(
              "second",
              settings.model(),
              settings.shard(),
              node.address(),
              1,
              1,
              settings.limits(),
              settings.warmup(),
              false);
      var refusal = Refused.with(UncheckedIOException.class, () -> ExpertNode.bind(taken));
      assertTrue(refusal.startsWith("cannot listen on " + node.address()), refusal);
    }
  }

  @Test
  void isGoneOnceItIsClosed() {
    var node = Nodes.serving(TestModels.mixtral(), 0, 1);
    try (var router = new Router(node.address())) {
      assertTrue(router.describe().getServing());
      node.close();
      assertEquals(
          Status.Code.UNAVAILABLE,
          assertThrows(StatusRuntimeException.class, router::describe).getStatus().getCode());
      node.close();
    }
  }
}
