package io.moesaic.expert;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.grpc.Status;
import io.moesaic.tensor.TestModels;
import io.moesaic.wire.TokenBatch;
import io.moesaic.wire.TokenSchema;
import io.moesaic.wire.WireType;
import io.moesaic.wire.v1.DispatchHeader;
import org.apache.arrow.flight.impl.Flight.FlightDescriptor;
import org.apache.arrow.flight.impl.Flight.FlightDescriptor.DescriptorType;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Each refusal names the field at fault and its bound. A refused batch leaves its stream as it is.
class RefusalsTest {
  private static final TokenSchema SCHEMA = new TokenSchema(WireType.F32, 32, 2);

  /// Hosts the experts 0, 2, 4 and 6 of each layer.
  private final ExpertNode node = Nodes.serving(TestModels.mixtral(), 0, 2);

  private final Router router = new Router(node.address());

  @AfterEach
  void close() {
    router.close();
    node.close();
  }

  private static DispatchHeader header(int requestId, int layer) {
    return DispatchHeader.newBuilder().setRequestId(requestId).setLayer(layer).build();
  }

  // ---- batches

  private static void assertRefused(
      Router.Stream stream, Status.Code code, String field, String message) throws Exception {
    var header = stream.reply().header();
    assertEquals(message, header.getMessage());
    assertEquals(field, header.getField());
    assertEquals(code.value(), header.getCode());
    assertEquals(77, header.getRequestId());
    assertServes(stream);
  }

  private static void assertServes(Router.Stream stream) throws Exception {
    stream.send(header(78, 1), 2, 0, 6);
    var good = stream.reply();
    assertEquals("", good.header().getMessage());
    assertEquals(78, good.header().getRequestId());
    assertEquals(4 * 32 * 4, good.rows().byteSize());
  }

  @Test
  void aLayerThatTheModelLacks() throws Exception {
    var stream = router.open(SCHEMA);
    stream.send(header(77, 2), 1, 0, 2);
    assertRefused(
        stream, Status.Code.INVALID_ARGUMENT, "layer", "layer: is 2, must be from 0 to 1");
    stream.send(header(77, -1), 1, 0, 2);
    assertRefused(
        stream, Status.Code.INVALID_ARGUMENT, "layer", "layer: is 4294967295, must be from 0 to 1");
  }

  @Test
  void anExpertThatThisNodeDoesNotHost() throws Exception {
    var stream = router.open(SCHEMA);
    for (int expert : new int[] {3, 8, -2, Integer.MIN_VALUE, Integer.MAX_VALUE}) {
      var batch = stream.batch(header(77, 1), 3);
      for (int row = 0; row < 3; row++) {
        batch.setExpert(row, 0, TokenBatch.NO_EXPERT);
        batch.setExpert(row, 1, 4);
      }
      batch.setExpert(2, 1, expert);
      stream.send(batch);
      assertRefused(
          stream,
          Status.Code.INVALID_ARGUMENT,
          "expert[2][1]",
          "expert[2][1]: is " + expert + ", but this node hosts 0, 2, 4, 6 of layer 1");
    }
  }

  @Test
  void aModeThatIsNotKnown() throws Exception {
    var stream = router.open(SCHEMA);
    stream.send(header(77, 0).toBuilder().setModeValue(9).build(), 1, 0, 2);
    assertRefused(
        stream, Status.Code.INVALID_ARGUMENT, "mode", "mode: is 9, which this node does not know");
  }

  @Test
  void moreRowsThanAllowed() throws Exception {
    var stream = router.open(SCHEMA);
    stream.send(header(77, 0), 257, 0, 2);
    assertRefused(
        stream,
        Status.Code.INVALID_ARGUMENT,
        "data_header.length",
        "data_header.length: is 257 rows, must be from 0 to 256");
  }

  @Test
  void aReplyThatWouldBeTooLarge() throws Exception {
    var stream = router.open(new TokenSchema(WireType.F32, 32, 64));
    stream.send(header(77, 0), 256, new int[64]);
    var header = stream.reply().header();
    assertEquals(
        "expert: asks for 16384 rows of 128 bytes, but a reply holds at most 8184",
        header.getMessage());
    assertEquals("expert", header.getField());
  }

  @Test
  void countsThem() throws Exception {
    var stream = router.open(SCHEMA);
    stream.send(header(1, 9), 1, 0, 2);
    stream.send(header(2, 1), 1, 1, 3);
    stream.reply();
    stream.reply();
    router.open(new TokenSchema(WireType.F32, 33, 2)).end();
    var counters = router.describe().getCountersMap();
    assertEquals(2, counters.get("batches_refused_invalid"));
    assertEquals(1, counters.get("streams_refused"));
  }

  // ---- streams

  private static FlightDescriptor.Builder path(String... path) {
    var descriptor = FlightDescriptor.newBuilder().setType(DescriptorType.PATH);
    for (var part : path) {
      descriptor.addPath(part);
    }
    return descriptor;
  }

  private Router.Stream open(FlightDescriptor.Builder descriptor) {
    return router.open(SCHEMA, SCHEMA.frame(descriptor.build().toByteArray()));
  }

  private static void assertEnds(Router.Stream stream, Status.Code code, String message)
      throws Exception {
    var end = stream.end();
    assertEquals(message, end.getDescription());
    assertEquals(code, end.getCode());
  }

  @Test
  void aStreamForAnotherModel() throws Exception {
    assertEnds(
        open(path("mixtral-8x7b")),
        Status.Code.NOT_FOUND,
        "flight_descriptor.path[0]: is \"mixtral-8x7b\", but this node serves model \"mixtral\"");
    assertServes(open(path("mixtral")));
    assertServes(open(path("mixtral", "anything")));
    assertServes(open(path()));
    assertServes(open(FlightDescriptor.newBuilder().setType(DescriptorType.CMD)));
  }

  @Test
  void aStreamOfAnotherWidth() throws Exception {
    assertEnds(
        router.open(new TokenSchema(WireType.BF16, 31, 2)),
        Status.Code.INVALID_ARGUMENT,
        "schema.hidden: has lists of 31 items, but activations of model \"mixtral\" have 32");
  }

  @Test
  void aStreamThatDoesNotBeginWithASchema() throws Exception {
    var batch = TokenBatch.allocate(router.allocator(), SCHEMA, 1, header(1, 1));
    assertEnds(
        router.open(SCHEMA, batch.frame()),
        Status.Code.INVALID_ARGUMENT,
        "schema: the stream's first Arrow message must be a schema");
    assertEnds(
        router.open(SCHEMA, SCHEMA.frame(new byte[] {7, 7})),
        Status.Code.INVALID_ARGUMENT,
        "flight_descriptor: is not a FlightDescriptor");
    assertEnds(
        router.open(SCHEMA, SCHEMA.reply().frame(new byte[0])),
        Status.Code.INVALID_ARGUMENT,
        "schema: has 1 columns, must have 2: \"hidden\" and \"expert\"");
  }
}
