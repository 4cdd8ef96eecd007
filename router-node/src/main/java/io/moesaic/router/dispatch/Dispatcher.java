package io.moesaic.router.dispatch;

import io.moesaic.router.dispatch.ExpertFleet.Snapshot;
import io.moesaic.router.dispatch.PendingReply.Answered;
import io.moesaic.router.dispatch.PendingReply.Failed;
import io.moesaic.router.dispatch.PendingReply.GivenUp;
import io.moesaic.router.placement.Placement;
import io.moesaic.router.plan.DispatchPlan;
import io.moesaic.router.plan.DispatchPlan.HostBatch;
import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.kernel.Kernels;
import io.moesaic.wire.ReplyBatch;
import io.moesaic.wire.TokenBatch;
import io.moesaic.wire.TokenSchema;
import io.moesaic.wire.WireType;
import io.moesaic.wire.v1.DispatchHeader;
import io.moesaic.wire.v1.DispatchMode;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.OutOfMemoryException;
import org.jspecify.annotations.Nullable;

/// Sends a plan's batches, one to each node, all in flight together. Activations are rounded to the
/// wire type as they are written. For one thread.
public final class Dispatcher {
  private final ExpertFleet fleet;
  private final BufferAllocator allocator;
  private final TokenSchema schema;
  private final Kernels kernels;
  private final Duration timeout;
  private final Matrix scaled;

  /// @param timeout after which a batch is given up
  public Dispatcher(
      ExpertFleet fleet,
      BufferAllocator allocator,
      TokenSchema schema,
      Kernels kernels,
      Duration timeout) {
    this.fleet = fleet;
    this.allocator = allocator;
    this.schema = schema;
    this.kernels = kernels;
    this.timeout = timeout;
    scaled = Matrix.allocate(1, schema.hidden());
  }

  /// Most experts of a row of a batch.
  public int columns() {
    return schema.expertsPerRow();
  }

  /// The nodes of one dispatch: a plan must be made for the placement that it is sent by.
  public Round begin() {
    return new Round(fleet.snapshot());
  }

  /// Why experts are missing, for an error.
  public String describeAbsent() {
    return fleet.describeAbsent();
  }

  /// One layer's exchange with the nodes.
  public final class Round {
    private final Snapshot snapshot;

    private Round(Snapshot snapshot) {
      this.snapshot = snapshot;
    }

    public Placement placement() {
      return snapshot.placement();
    }

    /// Sends all batches and returns at once.
    ///
    /// @param plan made for [#placement]
    /// @param hidden `[rows, hidden]`, may be changed when this returns
    public InFlight send(DispatchPlan plan, int layer, Matrix hidden) {
      List<Sent> sent = new ArrayList<>();
      long deadlineNanos = System.nanoTime() + timeout.toNanos();
      var header =
          DispatchHeader.newBuilder()
              .setLayer(layer)
              .setTimeoutMicros(timeout.toNanos() / 1000)
              .setPlacementEpoch(snapshot.placement().epoch())
              .setMode(DispatchMode.DISPATCH_MODE_EXPERT_ROWS);
      for (var part : plan.batches()) {
        var stream = snapshot.stream(part.host());
        var reply = new PendingReply(part.slots());
        long id = fleet.nextRequestId();
        sent.add(new Sent(stream, id, reply));
        try {
          stream.send(id, batch(part, header.setRequestId(id).build(), hidden), reply);
        } catch (OutOfMemoryException e) {
          reply.complete(
              new Failed("no memory to send a batch to " + stream.node() + ": " + e.getMessage()));
        }
      }
      return new InFlight(plan, sent, deadlineNanos);
    }

    private TokenBatch batch(HostBatch part, DispatchHeader header, Matrix hidden) {
      int rows = part.rows().length;
      var batch = TokenBatch.allocate(allocator, schema, rows, header);
      var to = batch.hidden();
      long rowBytes = (long) schema.hidden() * schema.type().bytes();
      for (int row = 0; row < rows; row++) {
        var source = hidden;
        int from = part.rows()[row];
        if (part.scales().length > 0) {
          scale(hidden, from, part.scales()[row]);
          source = scaled;
          from = 0;
        }
        if (schema.type() == WireType.F32) {
          source.writeRow(from, to, row * rowBytes);
        } else {
          kernels.round(source, from, to, row * rowBytes);
        }
        for (int rank = 0; rank < schema.expertsPerRow(); rank++) {
          batch.setExpert(row, rank, part.experts()[row * schema.expertsPerRow() + rank]);
        }
      }
      return batch;
    }

    private void scale(Matrix hidden, int row, float factor) {
      for (int i = 0; i < schema.hidden(); i++) {
        scaled.set(0, i, hidden.get(row, i) * factor);
      }
    }
  }

  /// One batch on its way.
  private record Sent(BatchStream stream, long requestId, PendingReply reply) {}

  /// The batches of a dispatch that are on their way: all that combine needs.
  public final class InFlight {
    private final DispatchPlan plan;
    private final List<Sent> sent;
    private final long deadlineNanos;

    private InFlight(DispatchPlan plan, List<Sent> sent, long deadlineNanos) {
      this.plan = plan;
      this.sent = sent;
      this.deadlineNanos = deadlineNanos;
    }

    /// Waits for every batch to be answered, refused or given up; when the thread is interrupted,
    /// no longer. The caller closes the replies.
    public Replies await() {
      var batches = new @Nullable ReplyBatch[sent.size()];
      var reasons = new String[sent.size()];
      for (int i = 0; i < batches.length; i++) {
        var part = sent.get(i);
        reasons[i] = "";
        switch (part.reply.await(deadlineNanos)) {
          case Answered(var batch) -> batches[i] = batch;
          case Failed(var reason) -> reasons[i] = reason;
          case GivenUp() -> {
            part.stream.forget(part.requestId);
            reasons[i] = whyGivenUp(part.stream);
          }
        }
      }
      return new Replies(plan, batches, reasons);
    }

    private String whyGivenUp(BatchStream stream) {
      return Thread.currentThread().isInterrupted()
          ? "the router stopped while " + stream.node() + " computed"
          : "%s did not answer within %d ms; try again, or allow a longer dispatch timeout"
              .formatted(stream.node(), timeout.toMillis());
    }
  }

  /// What came back of a dispatch, by batch of the plan.
  public static final class Replies implements AutoCloseable {
    private final DispatchPlan plan;
    private final @Nullable ReplyBatch[] batches;
    private final String[] reasons;

    private Replies(DispatchPlan plan, @Nullable ReplyBatch[] batches, String[] reasons) {
      this.plan = plan;
      this.batches = batches;
      this.reasons = reasons;
    }

    public DispatchPlan plan() {
      return plan;
    }

    /// The rows of a batch's reply, or null when there is none.
    public @Nullable ReplyBatch of(int batch) {
      return batches[batch];
    }

    /// Why a batch has no reply.
    public String reason(int batch) {
      return reasons[batch];
    }

    @Override
    public void close() {
      for (var batch : batches) {
        if (batch != null) {
          batch.close();
        }
      }
    }
  }
}
