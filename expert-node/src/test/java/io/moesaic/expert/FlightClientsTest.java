package io.moesaic.expert;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.grpc.stub.StreamObserver;
import io.moesaic.tensor.TestModels;
import io.moesaic.wire.TokenSchema;
import io.moesaic.wire.WireType;
import io.moesaic.wire.v1.DispatchHeader;
import io.moesaic.wire.v1.ReplyHeader;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Random;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.arrow.flight.FlightClient;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.Location;
import org.apache.arrow.flight.impl.Flight;
import org.apache.arrow.flight.impl.FlightServiceGrpc;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// Clients that are not ours: what Arrow's libraries send is understood, and what they are sent
/// they understand.
class FlightClientsTest {
  private static final int HIDDEN = 32;
  private static final int ROWS = 3;
  private static final int[] EXPERTS = {5, 2};

  private final ExpertNode node = Nodes.serving(TestModels.mixtral(), 0, 1);

  @AfterEach
  void close() {
    node.close();
  }

  @Test
  void arrowsOwnClientGetsWhatARouterGets() throws Exception {
    var rows = new float[ROWS * HIDDEN];
    var random = new Random(7);
    for (int i = 0; i < rows.length; i++) {
      rows[i] = random.nextFloat() - 0.5f;
    }
    var expected = asRouter(rows);
    try (var allocator = new RootAllocator();
        var client =
            FlightClient.builder(
                    allocator, Location.forGrpcInsecure("127.0.0.1", node.address().port()))
                .build();
        var exchange = client.doExchange(FlightDescriptor.path("mixtral"));
        var batch = batch(allocator, rows);
        var metadata = allocator.buffer(64)) {
      metadata.writeBytes(header(9).toByteArray());
      exchange.getWriter().start(batch);
      metadata.getReferenceManager().retain();
      exchange.getWriter().putNext(metadata);
      assertTrue(exchange.getReader().next());
      var reply = exchange.getReader().getRoot();
      var header = ReplyHeader.parseFrom(exchange.getReader().getLatestMetadata().nioBuffer());
      assertEquals(9, header.getRequestId());
      assertEquals(ROWS * EXPERTS.length, reply.getRowCount());
      var values = (Float4Vector) ((FixedSizeListVector) reply.getVector("hidden")).getDataVector();
      for (int i = 0; i < expected.length; i++) {
        assertEquals(expected[i], values.get(i), "element " + i);
      }
      exchange.getWriter().completed();
    }
  }

  /// As pyarrow does it: a message with the descriptor alone, then the descriptor with the schema.
  @Test
  void theDescriptorMayComeAheadOfTheSchema() throws Exception {
    var replies = new LinkedBlockingQueue<Flight.FlightData>();
    try (var router = new Router(node.address())) {
      var requests =
          FlightServiceGrpc.newStub(router.channel()).doExchange(collectingInto(replies));
      var descriptor =
          Flight.FlightDescriptor.newBuilder()
              .setType(Flight.FlightDescriptor.DescriptorType.PATH)
              .addPath("mixtral");
      requests.onNext(Flight.FlightData.newBuilder().setFlightDescriptor(descriptor).build());
      var schema = new TokenSchema(WireType.F32, HIDDEN, EXPERTS.length);
      requests.onNext(
          Flight.FlightData.newBuilder()
              .setFlightDescriptor(descriptor)
              .setDataHeader(ByteString.copyFrom(schema.frame(new byte[0]).header()))
              .build());
      // Nothing but a header: refused by name, which shows that the stream is open.
      requests.onNext(
          Flight.FlightData.newBuilder().setAppMetadata(header(4).toByteString()).build());
      var answer = List.of(take(replies), take(replies));
      assertTrue(answer.getFirst().getAppMetadata().isEmpty());
      var refusal = ReplyHeader.parseFrom(answer.getLast().getAppMetadata());
      assertEquals(4, refusal.getRequestId());
      assertEquals("data_header", refusal.getField());
      requests.onCompleted();
    }
  }

  private static Flight.FlightData take(LinkedBlockingQueue<Flight.FlightData> replies)
      throws InterruptedException {
    var reply = replies.poll(20, TimeUnit.SECONDS);
    if (reply == null) {
      throw new AssertionError("no reply came");
    }
    return reply;
  }

  private static StreamObserver<Flight.FlightData> collectingInto(
      LinkedBlockingQueue<Flight.FlightData> replies) {
    return new StreamObserver<>() {
      @Override
      public void onNext(Flight.FlightData value) {
        replies.add(value);
      }

      @Override
      public void onError(Throwable t) {
        // The test waits in vain and says so.
      }

      @Override
      public void onCompleted() {}
    };
  }

  private float[] asRouter(float[] rows) throws Exception {
    try (var router = new Router(node.address())) {
      var stream = router.open(new TokenSchema(WireType.F32, HIDDEN, EXPERTS.length));
      var batch = stream.batch(header(1), ROWS);
      for (int i = 0; i < rows.length; i++) {
        batch.hidden().set(ValueLayout.JAVA_FLOAT_UNALIGNED, i * 4L, rows[i]);
      }
      for (int row = 0; row < ROWS; row++) {
        for (int rank = 0; rank < EXPERTS.length; rank++) {
          batch.setExpert(row, rank, EXPERTS[rank]);
        }
      }
      stream.send(batch);
      return stream.reply().rows().toArray(ValueLayout.JAVA_FLOAT_UNALIGNED);
    }
  }

  private static DispatchHeader header(long request) {
    return DispatchHeader.newBuilder().setRequestId(request).setLayer(1).build();
  }

  private static VectorSchemaRoot batch(RootAllocator allocator, float[] rows) {
    var single = new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE);
    var schema =
        new Schema(
            List.of(
                list("hidden", HIDDEN, single),
                list("expert", EXPERTS.length, new ArrowType.Int(32, true))));
    var batch = VectorSchemaRoot.create(schema, allocator);
    batch.allocateNew();
    var hidden = (FixedSizeListVector) batch.getVector("hidden");
    var expert = (FixedSizeListVector) batch.getVector("expert");
    for (int row = 0; row < ROWS; row++) {
      hidden.startNewValue(row);
      expert.startNewValue(row);
    }
    for (int i = 0; i < rows.length; i++) {
      ((Float4Vector) hidden.getDataVector()).setSafe(i, rows[i]);
    }
    for (int i = 0; i < ROWS * EXPERTS.length; i++) {
      ((IntVector) expert.getDataVector()).setSafe(i, EXPERTS[i % EXPERTS.length]);
    }
    batch.setRowCount(ROWS);
    return batch;
  }

  private static Field list(String name, int width, ArrowType item) {
    return new Field(
        name,
        FieldType.notNullable(new ArrowType.FixedSizeList(width)),
        List.of(Field.notNullable("item", item)));
  }
}
