package io.moesaic.expert;

import io.grpc.CallOptions;
import io.grpc.ClientCall;
import io.grpc.ManagedChannel;
import io.grpc.Metadata;
import io.grpc.Status;
import io.moesaic.wire.FlightExchange;
import io.moesaic.wire.FlightFrame;
import io.moesaic.wire.NodeAddress;
import io.moesaic.wire.ReplyBatch;
import io.moesaic.wire.TokenBatch;
import io.moesaic.wire.TokenSchema;
import io.moesaic.wire.Transport;
import io.moesaic.wire.WireException;
import io.moesaic.wire.WireLimits;
import io.moesaic.wire.v1.DescribeRequest;
import io.moesaic.wire.v1.DispatchHeader;
import io.moesaic.wire.v1.ExpertNodeGrpc;
import io.moesaic.wire.v1.NodeDescription;
import io.moesaic.wire.v1.ReplyHeader;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.jspecify.annotations.Nullable;

/// What a router is to an expert node: the other end of its streams.
public final class Router implements AutoCloseable {
  private static final long PATIENCE_SECONDS = 20;

  private final Transport transport = new Transport(1, "router");
  private final BufferAllocator allocator = new RootAllocator();
  private final ManagedChannel channel;

  public Router(NodeAddress node) {
    channel = transport.channel(node, WireLimits.DEFAULT);
  }

  public ManagedChannel channel() {
    return channel;
  }

  public BufferAllocator allocator() {
    return allocator;
  }

  public NodeDescription describe() {
    return ExpertNodeGrpc.newBlockingStub(channel).describe(DescribeRequest.getDefaultInstance());
  }

  /// Also checks that all memory of this side has been released.
  @Override
  public void close() {
    channel.shutdownNow();
    try {
      channel.awaitTermination(PATIENCE_SECONDS, TimeUnit.SECONDS);
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    transport.close();
    allocator.close();
  }

  /// A reply, copied.
  ///
  /// @param rows of the wire type
  public record Reply(ReplyHeader header, MemorySegment rows) {}

  public Stream open(TokenSchema schema) {
    return open(schema, schema.frame(new byte[0]));
  }

  public Stream open(TokenSchema schema, FlightFrame first) {
    var stream = openUnread(schema, first);
    stream.read();
    return stream;
  }

  /// A stream whose messages stay in the transport until [Stream#read].
  public Stream openUnread(TokenSchema schema, FlightFrame first) {
    var stream = new Stream(schema);
    stream.start(first);
    return stream;
  }

  /// One DoExchange stream.
  public final class Stream extends ClientCall.Listener<FlightFrame> {
    private final TokenSchema schema;
    private final ClientCall<FlightFrame, FlightFrame> call =
        channel.newCall(FlightExchange.method(allocator), CallOptions.DEFAULT);
    private final LinkedBlockingQueue<Reply> replies = new LinkedBlockingQueue<>();
    private final CompletableFuture<Status> end = new CompletableFuture<>();
    private @Nullable TokenSchema replySchema;

    private Stream(TokenSchema schema) {
      this.schema = schema;
    }

    private void start(FlightFrame first) {
      call.start(this, new Metadata());
      call.sendMessage(first);
    }

    public void read() {
      call.request(Integer.MAX_VALUE);
    }

    public TokenBatch batch(DispatchHeader header, int rows) {
      return TokenBatch.allocate(allocator, schema, rows, header);
    }

    /// Sends the batch; it must not be used any more.
    public void send(TokenBatch batch) {
      call.sendMessage(batch.frame());
    }

    /// Sends a batch of zeros, each row to all of `experts`, of which the schema allows as many.
    public void send(DispatchHeader header, int rows, int... experts) {
      var batch = batch(header, rows);
      batch.hidden().fill((byte) 0);
      for (int row = 0; row < rows; row++) {
        for (int rank = 0; rank < experts.length; rank++) {
          batch.setExpert(row, rank, experts[rank]);
        }
      }
      send(batch);
    }

    public Reply reply() throws InterruptedException {
      return Objects.requireNonNull(
          replies.poll(PATIENCE_SECONDS, TimeUnit.SECONDS),
          () -> "no reply came, the stream ended with " + end.getNow(null));
    }

    /// A reply that has come already.
    public @Nullable Reply poll() {
      return replies.poll();
    }

    public void halfClose() {
      call.halfClose();
    }

    public void cancel() {
      call.cancel("the router has gone", null);
    }

    public Status end() throws Exception {
      return end.get(PATIENCE_SECONDS, TimeUnit.SECONDS);
    }

    @Override
    public void onMessage(FlightFrame frame) {
      try (frame) {
        if (replySchema == null) {
          replySchema = TokenSchema.decodeReply(frame.verified().header());
          return;
        }
        var header = ReplyBatch.header(frame.verified());
        var reply = ReplyBatch.decode(frame, replySchema, 1 << 20);
        replies.add(
            new Reply(
                header, MemorySegment.ofArray(reply.hidden().toArray(ValueLayout.JAVA_BYTE))));
      } catch (WireException e) {
        end.completeExceptionally(e);
      }
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      end.complete(status);
    }
  }
}
