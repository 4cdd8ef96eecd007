package io.moesaic.expert.rpc;

import io.grpc.Status;
import io.moesaic.expert.batch.Request;
import io.moesaic.expert.batch.RequestQueue;
import io.moesaic.expert.batch.Slot;
import io.moesaic.expert.exec.GroupedBatch;
import io.moesaic.expert.metrics.ExpertCounter;
import io.moesaic.expert.metrics.ExpertCounters;
import io.moesaic.expert.store.ExpertStore;
import io.moesaic.wire.FlightFrame;
import io.moesaic.wire.ReplyBatch;
import io.moesaic.wire.TokenBatch;
import io.moesaic.wire.TokenSchema;
import io.moesaic.wire.WireException;
import io.moesaic.wire.WireLimits;
import io.moesaic.wire.v1.DispatchHeader;
import io.moesaic.wire.v1.ReplyHeader;
import java.util.List;
import java.util.function.LongSupplier;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.OutOfMemoryException;
import org.jspecify.annotations.Nullable;

/// Takes batches in: checks every field, finds memory for the reply, and queues the work. What does
/// not pass is answered at once, and the stream goes on. Called by event loops, for all streams.
public final class Intake {
  private static final long MAX_TIMEOUT_MICROS = Long.MAX_VALUE / 1000;

  private final WireLimits limits;
  private final BufferAllocator allocator;
  private final RequestQueue queue;
  private final ExpertCounters counters;
  private final LongSupplier nanoClock;
  private volatile @Nullable ExpertStore store;

  /// @param allocator for replies
  /// @param nanoClock the batcher's
  public Intake(
      WireLimits limits,
      BufferAllocator allocator,
      RequestQueue queue,
      ExpertCounters counters,
      LongSupplier nanoClock) {
    this.limits = limits;
    this.allocator = allocator;
    this.queue = queue;
    this.counters = counters;
    this.nanoClock = nanoClock;
  }

  /// From now on batches are accepted; until then they are refused.
  public void serve(ExpertStore loaded) {
    store = loaded;
  }

  /// From now on batches are refused again.
  public void stopServing() {
    store = null;
  }

  static WireException shuttingDown() {
    return new WireException(Status.Code.UNAVAILABLE, "", "the node is shutting down");
  }

  /// Takes the frame over.
  ///
  /// @throws WireException when its header cannot be read, so that no reply could say which request
  ///     it is for
  void accept(FlightFrame frame, TokenSchema schema, ExchangeStream stream) throws WireException {
    long arrivedNanos = nanoClock.getAsLong();
    counters.increment(ExpertCounter.BATCHES_RECEIVED);
    DispatchHeader header;
    try {
      header = header(frame);
    } catch (WireException e) {
      frame.close();
      throw e;
    }
    try {
      queue(whole(frame), schema, header, arrivedNanos, stream);
    } catch (WireException e) {
      frame.close();
      stream.refuse(schema, ReplyHeader.newBuilder().setRequestId(header.getRequestId()), e);
    }
  }

  /// The header of a batch, if as much of it has come: the rest may be malformed.
  private DispatchHeader header(FlightFrame frame) throws WireException {
    try {
      return frame.metadata().length > 0
          ? TokenBatch.header(frame)
          : TokenBatch.header(frame.verified());
    } catch (WireException e) {
      throw counted(ExpertCounter.BATCHES_REFUSED_INVALID, e);
    }
  }

  private FlightFrame whole(FlightFrame frame) throws WireException {
    try {
      return frame.verified();
    } catch (WireException e) {
      // The transport may have had no memory for the body.
      throw counted(
          e.code() == Status.Code.RESOURCE_EXHAUSTED
              ? ExpertCounter.BATCHES_REFUSED_MEMORY
              : ExpertCounter.BATCHES_REFUSED_INVALID,
          e);
    }
  }

  /// The frame stays the caller's when the batch is refused.
  private void queue(
      FlightFrame frame,
      TokenSchema schema,
      DispatchHeader header,
      long arrivedNanos,
      ExchangeStream stream)
      throws WireException {
    var batch = checked(frame, schema, header);
    var reply = reply(schema, batch.slots.size());
    var request =
        new Request(
            header.getLayer(),
            schema.type(),
            schema.hidden(),
            new GroupedBatch.Part(batch.rows.hidden(), reply.hidden()),
            batch.slots,
            arrivedNanos,
            timeoutNanos(header),
            new PendingReply(stream, header.getRequestId(), batch.rows, reply));
    switch (queue.offer(request)) {
      case ADMITTED -> counters.add(ExpertCounter.ROWS_RECEIVED, batch.rows.rows());
      case FULL -> {
        reply.close();
        throw counted(
            ExpertCounter.BATCHES_REFUSED_QUEUE_FULL,
            new WireException(
                Status.Code.RESOURCE_EXHAUSTED,
                "",
                "the queue is full: %d batches wait already".formatted(queue.capacity())));
      }
      case CLOSED -> {
        reply.close();
        throw counted(ExpertCounter.BATCHES_REFUSED_SHUTDOWN, shuttingDown());
      }
    }
  }

  private record Checked(TokenBatch rows, List<Slot> slots) {}

  private Checked checked(FlightFrame frame, TokenSchema schema, DispatchHeader header)
      throws WireException {
    var experts = store;
    if (experts == null) {
      throw counted(
          ExpertCounter.BATCHES_REFUSED_SHUTDOWN,
          new WireException(
              Status.Code.UNAVAILABLE, "", "the node is not serving: it loads or shuts down"));
    }
    try {
      BatchChecks.checkMode(header);
      var batch = TokenBatch.decode(frame, schema, limits);
      return new Checked(
          batch, BatchChecks.slots(batch, header.getLayer(), experts, limits.maxMessageBytes()));
    } catch (WireException e) {
      throw counted(ExpertCounter.BATCHES_REFUSED_INVALID, e);
    }
  }

  private ReplyBatch.Draft reply(TokenSchema schema, int rows) throws WireException {
    try {
      return ReplyBatch.allocate(allocator, schema.reply(), rows);
    } catch (OutOfMemoryException _) {
      throw counted(
          ExpertCounter.BATCHES_REFUSED_MEMORY,
          new WireException(
              Status.Code.RESOURCE_EXHAUSTED,
              "",
              "no memory for a reply of %d rows: %d of %d bytes are in use"
                  .formatted(rows, allocator.getAllocatedMemory(), allocator.getLimit())));
    }
  }

  /// The message that tells a request's failure.
  FlightFrame refusal(TokenSchema schema, ReplyHeader header) {
    return ReplyBatch.refusal(allocator, schema.reply(), header);
  }

  private static long timeoutNanos(DispatchHeader header) {
    long micros = header.getTimeoutMicros();
    // 0 is no limit; what looks negative is unsigned and very long.
    return micros <= 0 || micros > MAX_TIMEOUT_MICROS ? Request.NO_TIMEOUT : micros * 1000;
  }

  private WireException counted(ExpertCounter counter, WireException e) {
    counters.increment(counter);
    return e;
  }
}
