package io.moesaic.router.layer;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.google.protobuf.ByteString;
import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.MethodDescriptor.MethodType;
import io.grpc.Status;
import io.moesaic.router.layer.Rows.Columns;
import io.moesaic.tensor.DType;
import io.moesaic.tensor.TestModels;
import io.moesaic.tensor.kernel.Randoms;
import io.moesaic.wire.Transport;
import io.moesaic.wire.WireLimits;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.apache.arrow.flight.impl.Flight;
import org.apache.arrow.flight.impl.FlightServiceGrpc;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.VectorUnloader;
import org.apache.arrow.vector.ipc.WriteChannel;
import org.apache.arrow.vector.ipc.message.IpcOption;
import org.apache.arrow.vector.ipc.message.MessageSerializer;
import org.junit.jupiter.api.Test;

/// Whatever bytes arrive, the service goes on serving, and loses no memory.
class MutatedBatchesTest {
  private static final int STREAMS = 3000;
  private static final int MESSAGES_PER_STREAM = 3;
  private static final int HIDDEN = 32;

  private static final MethodDescriptor.Marshaller<byte[]> BYTES =
      new MethodDescriptor.Marshaller<>() {
        @Override
        public InputStream stream(byte[] value) {
          return new ByteArrayInputStream(value);
        }

        @Override
        public byte[] parse(InputStream stream) {
          try {
            return stream.readAllBytes();
          } catch (IOException e) {
            throw new UncheckedIOException(e);
          }
        }
      };

  private static final Set<Status.Code> ALLOWED =
      EnumSet.of(Status.Code.OK, Status.Code.INVALID_ARGUMENT, Status.Code.NOT_FOUND);

  private final Randoms random = new Randoms(Arena.ofAuto());

  /// The bytes of a stream's first message.
  private static byte[] first(Columns columns) {
    var descriptor =
        Flight.FlightDescriptor.newBuilder()
            .setType(Flight.FlightDescriptor.DescriptorType.PATH)
            .addPath(LayerCluster.MODEL)
            .addPath("1");
    var header = MessageSerializer.serializeMetadata(columns.schema(), IpcOption.DEFAULT);
    return Flight.FlightData.newBuilder()
        .setFlightDescriptor(descriptor)
        .setDataHeader(ByteString.copyFrom(header))
        .build()
        .toByteArray();
  }

  /// The bytes of a batch.
  private byte[] batch(Columns columns, int rows) {
    var experts = new int[rows * columns.ranks()];
    Arrays.setAll(experts, i -> i % columns.ranks());
    var given =
        new Rows(random.matrix(rows, HIDDEN), experts, random.floats(rows * columns.ranks()));
    var out = new ByteArrayOutputStream();
    try (var allocator = new RootAllocator();
        var root = VectorSchemaRoot.create(columns.schema(), allocator)) {
      given.fill(root);
      try (var batch = new VectorUnloader(root).getRecordBatch()) {
        MessageSerializer.serialize(new WriteChannel(Channels.newChannel(out)), batch);
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    // The IPC stream format: a continuation marker, the header's length, the header, the body.
    var ipc = out.toByteArray();
    int length = ByteBuffer.wrap(ipc).order(ByteOrder.LITTLE_ENDIAN).getInt(4);
    var json = "{\"request_id\": 5, \"capacity\": {\"factor\": 1}, \"return_kept\": true}";
    return Flight.FlightData.newBuilder()
        .setDataHeader(ByteString.copyFrom(ipc, 8, length))
        .setAppMetadata(ByteString.copyFrom(json, UTF_8))
        .setDataBody(ByteString.copyFrom(ipc, 8 + length, ipc.length - 8 - length))
        .build()
        .toByteArray();
  }

  private byte[] mutated(byte[] original) {
    var bytes = original.clone();
    for (int n = random.between(1, 3); n > 0; n--) {
      // Half of the time near the beginning, where the headers are.
      int reach = random.between(0, 1) == 0 ? Math.min(bytes.length, 400) : bytes.length;
      int at = random.between(0, reach - 1);
      switch (random.between(0, 3)) {
        case 0 -> bytes[at] = (byte) random.between(0, 255);
        case 1 -> bytes[at] ^= (byte) (1 << random.between(0, 7));
        case 2 ->
            Arrays.fill(bytes, at, Math.min(bytes.length, at + 8), (byte) -random.between(0, 1));
        default -> {
          int length = Math.min(random.between(1, 16), bytes.length - at);
          System.arraycopy(original, random.between(0, bytes.length - length), bytes, at, length);
        }
      }
    }
    return bytes;
  }

  /// How a stream ended, and the messages that came until then.
  private static final class Ending extends ClientCall.Listener<byte[]> {
    private final CompletableFuture<Status> status = new CompletableFuture<>();
    private int messages;

    @Override
    public void onMessage(byte[] message) {
      messages++;
    }

    @Override
    public void onClose(Status end, Metadata trailers) {
      status.complete(end);
    }
  }

  private static Ending exchange(ManagedChannel channel, List<byte[]> messages) throws Exception {
    var method =
        MethodDescriptor.<byte[], byte[]>newBuilder(BYTES, BYTES)
            .setType(MethodType.BIDI_STREAMING)
            .setFullMethodName(FlightServiceGrpc.getDoExchangeMethod().getFullMethodName())
            .build();
    var call = channel.newCall(method, CallOptions.DEFAULT);
    var ending = new Ending();
    call.start(ending, new Metadata());
    call.request(Integer.MAX_VALUE);
    messages.forEach(call::sendMessage);
    call.halfClose();
    ending.status.get(20, TimeUnit.SECONDS);
    return ending;
  }

  @Test
  void survivesThousandsOfMutatedMessages() throws Exception {
    var modes = List.of(Columns.moe(DType.F16, HIDDEN), Columns.experts(HIDDEN, 3));
    Set<Status.Code> seen = EnumSet.noneOf(Status.Code.class);
    List<Status> faults = new ArrayList<>();
    int answered = 0;
    try (var cluster = LayerCluster.of(TestModels.mixtral());
        var transport = new Transport(1, "mutating")) {
      var channel = transport.channel(cluster.service().address(), WireLimits.DEFAULT);
      for (int i = 0; i < STREAMS; i++) {
        var columns = modes.get(i % 2);
        List<byte[]> messages = new ArrayList<>();
        messages.add(i % 5 == 0 ? mutated(first(columns)) : first(columns));
        while (messages.size() <= MESSAGES_PER_STREAM) {
          messages.add(mutated(batch(columns, random.between(0, 6))));
        }
        var ending = exchange(channel, messages);
        var status = ending.status.join();
        seen.add(status.getCode());
        if (!ALLOWED.contains(status.getCode())) {
          faults.add(status);
        }
        answered += Math.max(0, ending.messages - 1);
      }
      assertEquals(List.of(), faults, random.seed());
      assertTrue(seen.contains(Status.Code.INVALID_ARGUMENT), random.seed());
      assertTrue(answered > STREAMS / 10, answered + " answered, " + random.seed());

      var intact = List.of(first(modes.getLast()), batch(modes.getLast(), 4));
      var ending = exchange(channel, intact);
      assertEquals(Status.Code.OK, ending.status.join().getCode(), random.seed());
      assertEquals(2, ending.messages, random.seed());
      assertEquals(0, cluster.service().counters().get(LayerCounter.BATCHES_FAILED), random.seed());
      channel.shutdownNow().awaitTermination(20, TimeUnit.SECONDS);
    }
  }
}
