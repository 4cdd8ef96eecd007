package io.moesaic.expert;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.Drainable;
import io.grpc.Metadata;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.moesaic.tensor.TestModels;
import io.moesaic.tensor.kernel.Randoms;
import io.moesaic.wire.FlightExchange;
import io.moesaic.wire.FlightFrame;
import io.moesaic.wire.TokenBatch;
import io.moesaic.wire.TokenSchema;
import io.moesaic.wire.WireType;
import io.moesaic.wire.v1.DispatchHeader;
import java.io.ByteArrayInputStream;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/// Whatever bytes arrive, the node goes on serving, and loses no memory.
class MutatedFramesTest {
  private static final int FRAMES = 20_000;
  private static final int FRAMES_PER_STREAM = 25;
  private static final TokenSchema SCHEMA = new TokenSchema(WireType.F32, 32, 2);
  private static final TokenSchema NARROW = new TokenSchema(WireType.BF16, 32, 3);

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

  private static byte[] serialized(Router router, FlightFrame frame) {
    var bytes = new ByteArrayOutputStream();
    try (var stream = FlightExchange.method(router.allocator()).streamRequest(frame)) {
      ((Drainable) stream).drainTo(bytes);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return bytes.toByteArray();
  }

  private static byte[] batch(Router router, TokenSchema schema, int rows) {
    var header = DispatchHeader.newBuilder().setRequestId(5).setTimeoutMicros(1 << 30).build();
    var batch = TokenBatch.allocate(router.allocator(), schema, rows, header);
    batch.hidden().fill((byte) 1);
    for (int row = 0; row < rows; row++) {
      for (int rank = 0; rank < schema.expertsPerRow(); rank++) {
        batch.setExpert(row, rank, (row + rank) % 8);
      }
    }
    return serialized(router, batch.frame());
  }

  private static byte[] mutated(byte[] original, Randoms random) {
    var bytes = original.clone();
    for (int n = random.between(1, 3); n > 0; n--) {
      // Half of the time near the ends, where the headers are.
      int reach = random.between(0, 1) == 0 ? Math.min(bytes.length, 300) : bytes.length;
      int at = random.between(0, reach - 1);
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
          if (at > 0 && random.between(0, 3) == 0) {
            bytes = Arrays.copyOf(bytes, at);
          }
        }
      }
    }
    return bytes;
  }

  private static Ending exchange(Router router, List<byte[]> messages) throws Exception {
    var original = FlightExchange.method(router.allocator());
    var method =
        MethodDescriptor.<byte[], byte[]>newBuilder(BYTES, BYTES)
            .setType(original.getType())
            .setFullMethodName(original.getFullMethodName())
            .build();
    var call = router.channel().newCall(method, CallOptions.DEFAULT);
    var ending = new Ending();
    call.start(ending, new Metadata());
    call.request(Integer.MAX_VALUE);
    messages.forEach(call::sendMessage);
    call.halfClose();
    ending.status.get(20, TimeUnit.SECONDS);
    return ending;
  }

  @Test
  void survives20000MutatedFrames() throws Exception {
    try (var arena = Arena.ofConfined();
        var node = Nodes.serving(TestModels.mixtral(), 0, 1);
        var router = new Router(node.address())) {
      var random = new Randoms(arena);
      Set<Status.Code> seen = EnumSet.noneOf(Status.Code.class);
      long answered = 0;
      for (int sent = 0; sent < FRAMES; ) {
        var schema = random.between(0, 1) == 0 ? SCHEMA : NARROW;
        var first = serialized(router, schema.frame(new byte[0]));
        List<byte[]> messages = new ArrayList<>();
        messages.add(random.between(0, 9) == 0 ? mutated(first, random) : first);
        while (messages.size() < FRAMES_PER_STREAM) {
          messages.add(mutated(batch(router, schema, random.between(0, 20)), random));
        }
        var ending = exchange(router, messages);
        seen.add(ending.status.join().getCode());
        answered += Math.max(0, ending.messages - 1);
        sent += messages.size();
      }
      assertTrue(seen.contains(Status.Code.INVALID_ARGUMENT), seen + " " + random.seed());
      assertTrue(
          EnumSet.of(Status.Code.OK, Status.Code.INVALID_ARGUMENT, Status.Code.NOT_FOUND)
              .containsAll(seen),
          seen + " " + random.seed());
      assertTrue(answered > FRAMES / 10, answered + " answered, " + random.seed());

      var stream = router.open(SCHEMA);
      stream.send(DispatchHeader.newBuilder().setRequestId(6).build(), 2, 0, 7);
      assertEquals("", stream.reply().header().getMessage(), random.seed());
      var counters = router.describe().getCountersMap();
      assertEquals(0, counters.get("batches_failed"), random.seed());
    } // closing the node checks that its allocator is at zero
  }

  @Test
  void aBatchWhoseHeaderCannotBeReadEndsTheStream() throws Exception {
    try (var node = Nodes.serving(TestModels.mixtral(), 0, 1);
        var router = new Router(node.address())) {
      // Only field 3, app_metadata: a tag without a value.
      byte[] unreadable = {0x1a, 1, 9};
      var first = serialized(router, SCHEMA.frame(new byte[0]));
      var ending = exchange(router, List.of(first, unreadable, batch(router, SCHEMA, 1)));
      var status = ending.status.join();
      assertEquals(Status.Code.INVALID_ARGUMENT, status.getCode());
      assertEquals("app_metadata: is not a moesaic.v1.DispatchHeader", status.getDescription());
      assertEquals(1, ending.messages);
    }
  }
}
