package io.moesaic.router.dispatch;

import io.grpc.CallOptions;
import io.grpc.Channel;
import io.grpc.ClientCall;
import io.grpc.Metadata;
import io.grpc.Status;
import io.moesaic.router.dispatch.PendingReply.Answered;
import io.moesaic.router.dispatch.PendingReply.Failed;
import io.moesaic.wire.FlightExchange;
import io.moesaic.wire.FlightFrame;
import io.moesaic.wire.ReplyBatch;
import io.moesaic.wire.TokenBatch;
import io.moesaic.wire.TokenSchema;
import io.moesaic.wire.WireException;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.memory.BufferAllocator;
import org.jspecify.annotations.Nullable;

/// One `DoExchange` stream to an expert node, from its opening to its end. Batches go out on the
/// thread that dispatches; replies come back in any order on an event loop, matched by request id.
///
/// ```
///   out   schema           batch  batch  ...
///   in            schema                 reply  reply  ...   end
///                 accepted                                   closed
/// ```
final class BatchStream {
  /// Replies that may be under way at a time; the credit is renewed with each.
  private static final int CREDITS = 64;

  private final String node;
  private final TokenSchema schema;
  private final ClientCall<FlightFrame, FlightFrame> call;
  private final Map<Long, PendingReply> pending = new ConcurrentHashMap<>();
  private final CompletableFuture<Boolean> accepted = new CompletableFuture<>();
  private final CompletableFuture<Status> closed = new CompletableFuture<>();

  /// Opens the stream. No batch may be sent before it is [#accepted]: gRPC does not release what it
  /// holds back for a connection that then fails.
  ///
  /// @param node how errors call it
  BatchStream(
      Channel channel, BufferAllocator allocator, TokenSchema schema, String model, String node) {
    this.node = node;
    this.schema = schema;
    call = channel.newCall(FlightExchange.method(allocator), CallOptions.DEFAULT);
    call.start(new Replies(), new Metadata());
    call.request(CREDITS);
    var descriptor = FlightDescriptor.path(model).serialize();
    var bytes = new byte[descriptor.remaining()];
    descriptor.get(bytes);
    call.sendMessage(schema.frame(bytes));
  }

  /// How errors call the node.
  String node() {
    return node;
  }

  /// Completes when the node has answered with its schema, or with false when the stream has ended
  /// without.
  CompletableFuture<Boolean> accepted() {
    return accepted;
  }

  /// Completes, never exceptionally, when the stream has ended for whatever reason.
  CompletableFuture<Status> closed() {
    return closed;
  }

  /// Sends a batch, which belongs to gRPC from now on. Several dispatchers may share the stream,
  /// and a call takes one message at a time.
  synchronized void send(long requestId, TokenBatch batch, PendingReply reply) {
    pending.put(requestId, reply);
    try {
      call.sendMessage(batch.frame());
    } catch (IllegalStateException _) {
      // The call was cancelled meanwhile. Then gRPC takes nothing, and says so in this way.
      batch.close();
      fail(requestId, closed.getNow(Status.CANCELLED));
    }
    // The stream may have ended just before the reply was entered: then nobody else will say so.
    if (closed.isDone()) {
      fail(requestId, closed.join());
    }
  }

  /// Gives up on a reply. It is released when it comes.
  void forget(long requestId) {
    pending.remove(requestId);
  }

  void cancel(String reason) {
    call.cancel(reason, null);
  }

  private void fail(long requestId, Status status) {
    var reply = pending.remove(requestId);
    if (reply != null) {
      reply.complete(
          new Failed(node + " is gone: " + describe(status) + "; try again when it is back"));
    }
  }

  static String describe(Status status) {
    var text = status.getDescription();
    var cause = status.getCause();
    if (status.getCode() == Status.Code.UNAVAILABLE && cause != null) {
      // gRPC says "io exception"; the reason is below it.
      while (cause.getCause() != null) {
        cause = cause.getCause();
      }
      text = cause.getMessage();
    } else if (status.getCode() == Status.Code.DEADLINE_EXCEEDED) {
      text = "it does not answer in time";
    }
    return text == null ? status.getCode().toString() : text;
  }

  private final class Replies extends ClientCall.Listener<FlightFrame> {
    private @Nullable TokenSchema replySchema;

    @Override
    public void onMessage(FlightFrame frame) {
      call.request(1);
      boolean taken = false;
      try {
        taken = accept(frame);
      } catch (WireException e) {
        call.cancel("malformed reply: " + e.getMessage(), e);
      } finally {
        if (!taken) {
          frame.close();
        }
      }
    }

    /// @return whether the frame now belongs to a reply
    private boolean accept(FlightFrame frame) throws WireException {
      var answered = replySchema;
      if (answered == null) {
        replySchema = expectedSchema(frame.verified());
        accepted.complete(true);
        return false;
      }
      var header = ReplyBatch.header(frame.metadata().length > 0 ? frame : frame.verified());
      var reply = pending.remove(header.getRequestId());
      if (reply == null) {
        return false;
      }
      if (header.getCode() != 0) {
        reply.complete(new Failed(node + " refused the batch: " + header.getMessage()));
        return false;
      }
      try {
        var batch = ReplyBatch.decode(frame.verified(), answered, reply.slots);
        if (batch.rows() != reply.slots) {
          throw WireException.invalid(
              "data_header.length", "is %d rows, must be %d".formatted(batch.rows(), reply.slots));
        }
        reply.complete(new Answered(batch));
        return true;
      } catch (WireException e) {
        if (e.code() == Status.Code.RESOURCE_EXHAUSTED) {
          reply.complete(
              new Failed("the router cannot hold the reply of " + node + ": " + e.getMessage()));
          return false;
        }
        reply.complete(
            new Failed(
                "%s sent a malformed reply, check that it has the router's version: %s"
                    .formatted(node, e.getMessage())));
        throw e;
      }
    }

    private TokenSchema expectedSchema(FlightFrame frame) throws WireException {
      var answered = TokenSchema.decodeReply(frame.header());
      if (!answered.equals(schema.reply())) {
        throw WireException.invalid("schema", "is " + answered + ", must be " + schema.reply());
      }
      return answered;
    }

    @Override
    public void onClose(Status status, Metadata trailers) {
      closed.complete(status);
      accepted.complete(false);
      for (var id : pending.keySet()) {
        fail(id, status);
      }
    }
  }
}
