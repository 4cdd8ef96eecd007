package io.moesaic.wire;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.Drainable;
import io.moesaic.tensor.Refused;
import io.moesaic.tensor.kernel.Randoms;
import io.moesaic.wire.v1.DispatchHeader;
import io.moesaic.wire.v1.DispatchMode;
import io.moesaic.wire.v1.ReplyHeader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.VectorUnloader;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.ipc.WriteChannel;
import org.apache.arrow.vector.ipc.message.MessageSerializer;
import org.apache.arrow.vector.types.pojo.Schema;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class TokenBatchTest {
  private static final TokenSchema SCHEMA = new TokenSchema(WireType.F32, 5, 2);
  private static final DispatchHeader HEADER =
      DispatchHeader.newBuilder()
          .setRequestId(-7)
          .setLayer(3)
          .setTimeoutMicros(1000)
          .setMode(DispatchMode.DISPATCH_MODE_EXPERT_ROWS)
          .build();

  private final BufferAllocator allocator = new RootAllocator();
  private final FlightMarshaller marshaller = new FlightMarshaller(allocator);

  /// Also checks that every buffer has been released.
  @AfterEach
  void close() {
    assertEquals(0, allocator.getAllocatedMemory());
    allocator.close();
  }

  private TokenBatch filled(int rows) {
    var batch = TokenBatch.allocate(allocator, SCHEMA, rows, HEADER);
    for (int row = 0; row < rows; row++) {
      for (int i = 0; i < 5; i++) {
        batch.hidden().set(JAVA_FLOAT_UNALIGNED, (row * 5L + i) * 4, row + i / 10f);
      }
      batch.setExpert(row, 0, row % 8);
      batch.setExpert(row, 1, row % 3 == 0 ? TokenBatch.NO_EXPERT : 7 - row % 8);
    }
    return batch;
  }

  private byte[] serialized(FlightFrame frame) {
    var bytes = new ByteArrayOutputStream();
    try (var stream = marshaller.stream(frame)) {
      assertEquals(((Drainable) stream).drainTo(bytes), bytes.size());
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return bytes.toByteArray();
  }

  private FlightFrame parsed(byte[] bytes) {
    return marshaller.parse(new ByteArrayInputStream(bytes));
  }

  @Test
  void arrivesAsItWasSent() throws WireException {
    for (int rows : new int[] {0, 1, 13}) {
      var bytes = serialized(filled(rows).frame());
      var frame = parsed(bytes).verified();
      assertEquals(HEADER, TokenBatch.header(frame));
      try (var batch = TokenBatch.decode(frame, SCHEMA, WireLimits.DEFAULT);
          var sent = filled(rows)) {
        assertEquals(rows, batch.rows());
        assertEquals(-1, sent.hidden().mismatch(batch.hidden()));
        for (int row = 0; row < rows; row++) {
          assertEquals(sent.expert(row, 0), batch.expert(row, 0));
          assertEquals(sent.expert(row, 1), batch.expert(row, 1));
        }
      }
    }
  }

  @Test
  void repliesArriveAsTheyWereSent() throws WireException {
    var header = ReplyHeader.newBuilder().setRequestId(9).setComputeMicros(3).build();
    byte[] bytes;
    try (var draft = ReplyBatch.allocate(allocator, SCHEMA.reply(), 3)) {
      draft.hidden().fill((byte) 1);
      bytes = serialized(draft.finish(header));
    }
    var frame = parsed(bytes).verified();
    assertEquals(header, ReplyBatch.header(frame));
    try (var reply = ReplyBatch.decode(frame, SCHEMA.reply(), 3)) {
      assertEquals(3, reply.rows());
      assertEquals(3 * 5 * 4, reply.hidden().byteSize());
    }
  }

  @Test
  void anUnsentBatchOrDraftReleasesItsMemory() {
    filled(4).close();
    ReplyBatch.allocate(allocator, SCHEMA.reply(), 4).close();
  }

  @Test
  void readsABatchThatArrowsLibraryWrote() throws IOException, WireException {
    var arrow =
        new Schema(
            List.of(
                TokenSchemaTest.list("hidden", 3, TokenSchemaTest.FLOAT, Map.of()),
                TokenSchemaTest.list("expert", 1, TokenSchemaTest.INT32, Map.of())));
    var schema = TokenSchema.decodeRequest(TokenSchemaTest.encode(arrow));
    try (var root = VectorSchemaRoot.create(arrow, allocator)) {
      var hidden = (FixedSizeListVector) root.getVector("hidden");
      var expert = (FixedSizeListVector) root.getVector("expert");
      root.allocateNew();
      for (int row = 0; row < 4; row++) {
        hidden.setNotNull(row);
        expert.setNotNull(row);
        for (int i = 0; i < 3; i++) {
          ((Float4Vector) hidden.getDataVector()).setSafe(row * 3 + i, row * 10f + i);
        }
        ((IntVector) expert.getDataVector()).setSafe(row, row + 2);
      }
      root.setRowCount(4);
      var message = new ByteArrayOutputStream();
      try (var batch = new VectorUnloader(root).getRecordBatch()) {
        MessageSerializer.serialize(new WriteChannel(Channels.newChannel(message)), batch);
      }
      // Continuation marker, length, header, body.
      var bytes = message.toByteArray();
      int headerBytes = ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).getInt(4);
      var body = allocator.buffer(bytes.length - 8 - headerBytes);
      body.writeBytes(bytes, 8 + headerBytes, bytes.length - 8 - headerBytes);
      var header = Arrays.copyOfRange(bytes, 8, 8 + headerBytes);
      var frame = FlightFrame.of(new byte[0], header, HEADER.toByteArray(), body);
      try (var batch = TokenBatch.decode(frame, schema, WireLimits.DEFAULT)) {
        assertEquals(4, batch.rows());
        assertEquals(31f, batch.hidden().get(JAVA_FLOAT_UNALIGNED, (3 * 3 + 1) * 4));
        assertEquals(5, batch.expert(3, 0));
      }
    }
  }

  @Test
  void namesWhatIsOutOfBounds() {
    assertEquals(
        "data_header.length: is 13 rows, must be from 0 to 12",
        refusal(serialized(filled(13).frame()), SCHEMA, new WireLimits(1 << 20, 12)));
    assertEquals(
        "data_header.nodes[1].length: is 65, must be 78",
        refusal(
            serialized(filled(13).frame()),
            new TokenSchema(WireType.F32, 6, 2),
            WireLimits.DEFAULT));
    assertEquals(
        "data_header.bodyLength: is 448, but 0 bytes came",
        refusalOfHeader(BatchLayout.of(SCHEMA.columns(), 13).encode()));
    assertEquals(
        "data_header: must be a record batch after the schema", refusalOfHeader(SCHEMA.encode()));
    assertEquals("data_header: is not a valid flatbuffer", refusalOfHeader(new byte[0]));
    assertEquals(
        "app_metadata: is not a moesaic.v1.DispatchHeader",
        Refused.with(
            WireException.class,
            () ->
                TokenBatch.header(FlightFrame.of(new byte[0], new byte[0], new byte[] {9}, null))));
  }

  private String refusalOfHeader(byte[] header) {
    return Refused.with(
        WireException.class,
        () ->
            TokenBatch.decode(
                FlightFrame.of(new byte[0], header, new byte[0], null),
                SCHEMA,
                WireLimits.DEFAULT));
  }

  private String refusal(byte[] bytes, TokenSchema schema, WireLimits limits) {
    try (var frame = parsed(bytes)) {
      return Refused.with(WireException.class, () -> TokenBatch.decode(frame, schema, limits));
    }
  }

  @Test
  void whatIsNoFlightMessageIsAFrameThatSaysSo() {
    assertEquals("message ends within a field", defect(new byte[] {(byte) 0x80}));
    assertEquals(
        "field 2 is 100 bytes long, but only 1 are left", defect(new byte[] {0x12, 100, 1}));
    assertEquals("field 1 has wire type 3", defect(new byte[] {0x0b}));
    assertEquals(
        "a varint is longer than 10 bytes",
        defect(new byte[] {-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1}));
    // Fields that we do not know are skipped, as protobuf wants it.
    try (var frame = parsed(new byte[] {0x78, 5, 0x22, 2, 1, 2, 0x3d, 1, 2, 3, 4})) {
      assertEquals(0, frame.header().length);
    }
  }

  private String defect(byte[] bytes) {
    try (var frame = parsed(bytes)) {
      return Refused.with(WireException.class, frame::verified);
    }
  }

  @Test
  void refusesABodyForWhichThereIsNoMemoryButKnowsWhoseItIs() throws WireException {
    var bytes = serialized(filled(400).frame());
    try (var small = allocator.newChildAllocator("small", 0, 1024);
        var frame = new FlightMarshaller(small).parse(new ByteArrayInputStream(bytes))) {
      var refusal = Refused.with(WireException.class, frame::verified);
      assertTrue(refusal.startsWith("data_body: no memory for 11200 bytes"), refusal);
      assertEquals(HEADER, TokenBatch.header(frame));
    }
  }

  /// Whatever the bytes, the outcome is a batch that can be read to its last value, or a
  /// [WireException]; and every buffer is released.
  @Test
  void survives100000MutatedMessages() {
    try (var arena = Arena.ofConfined()) {
      var random = new Randoms(arena);
      var batches =
          List.of(
              serialized(filled(0).frame()),
              serialized(filled(1).frame()),
              serialized(filled(13).frame()));
      var schemas = List.of(SCHEMA.encode(), new TokenSchema(WireType.BF16, 5, 2).encode());
      var limits = new WireLimits(1 << 20, 64);
      int accepted = 0;
      for (int i = 0; i < 100_000; i++) {
        boolean asSchema = random.between(0, 3) == 0;
        var source = asSchema ? schemas : batches;
        var bytes = mutated(source.get(random.between(0, source.size() - 1)), random);
        try {
          if (asSchema) {
            TokenSchema.decodeRequest(bytes);
          } else {
            readToTheEnd(bytes, limits);
          }
          accepted++;
        } catch (WireException e) {
          assertFalse(String.valueOf(e.getMessage()).isBlank(), random.seed());
        }
        assertEquals(0, allocator.getAllocatedMemory(), random.seed());
      }
      assertTrue(accepted > 1000 && accepted < 90_000, accepted + " accepted, " + random.seed());
    }
  }

  private void readToTheEnd(byte[] bytes, WireLimits limits) throws WireException {
    try (var frame = parsed(bytes).verified()) {
      TokenBatch.header(frame);
      var batch = TokenBatch.decode(frame, SCHEMA, limits);
      assertEquals(batch.rows() * 5L * 4, batch.hidden().byteSize());
      batch.hidden().toArray(ValueLayout.JAVA_BYTE);
      for (int row = 0; row < batch.rows(); row++) {
        batch.expert(row, 0);
        batch.expert(row, 1);
      }
    }
  }

  private static byte[] mutated(byte[] original, Randoms random) {
    var bytes = original.clone();
    for (int n = random.between(1, 3); n > 0; n--) {
      int at = random.between(0, bytes.length - 1);
      switch (random.between(0, 4)) {
        case 0 -> bytes[at] = (byte) random.between(0, 255);
        case 1 -> bytes[at] ^= (byte) (1 << random.between(0, 7));
        case 2 ->
            Arrays.fill(bytes, at, Math.min(bytes.length, at + 8), (byte) -random.between(0, 1));
        case 3 -> {
          int length = Math.min(random.between(1, 16), bytes.length - at);
          System.arraycopy(original, random.between(0, bytes.length - length), bytes, at, length);
        }
        default -> {
          if (at > 0) {
            bytes = Arrays.copyOf(bytes, at);
          }
        }
      }
    }
    return bytes;
  }
}
