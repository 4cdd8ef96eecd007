package io.moesaic.expert.rpc;

import io.grpc.Status;
import io.moesaic.expert.batch.Outcome;
import io.moesaic.expert.batch.Requester;
import io.moesaic.wire.ReplyBatch;
import io.moesaic.wire.TokenBatch;
import io.moesaic.wire.WireException;
import io.moesaic.wire.v1.ReplyHeader;

/// A batch that is waiting for its results: owns its memory and that of the reply until it is told
/// what became of it, and then answers on its stream.
final class PendingReply implements Requester {
  private static final long MAX_UINT32 = 0xffff_ffffL;

  private final ExchangeStream stream;
  private final long requestId;
  private final TokenBatch batch;
  private final ReplyBatch.Draft reply;

  PendingReply(ExchangeStream stream, long requestId, TokenBatch batch, ReplyBatch.Draft reply) {
    this.stream = stream;
    this.requestId = requestId;
    this.batch = batch;
    this.reply = reply;
  }

  @Override
  public boolean gone() {
    return stream.ended();
  }

  @Override
  public void told(Outcome outcome) {
    try (batch;
        reply) {
      var header = ReplyHeader.newBuilder().setRequestId(requestId);
      header.setQueueMicros(micros(outcome.queueNanos()));
      switch (outcome) {
        case Outcome.Computed(_, long computeNanos) ->
            stream.answer(reply.finish(header.setComputeMicros(micros(computeNanos)).build()));
        case Outcome.Expired(long queueNanos) -> refuse(header, expired(queueNanos));
        case Outcome.Failed(_, var cause) -> refuse(header, failed(cause));
        case Outcome.Stopped(_) -> refuse(header, Intake.shuttingDown());
        case Outcome.Cancelled(_) -> {}
      }
    }
  }

  private void refuse(ReplyHeader.Builder header, WireException e) {
    stream.refuse(batch.schema(), header, e);
  }

  private static WireException expired(long queueNanos) {
    return new WireException(
        Status.Code.DEADLINE_EXCEEDED,
        "timeout_micros",
        "the time was up after %d us in the queue".formatted(queueNanos / 1000));
  }

  private static WireException failed(Throwable cause) {
    return new WireException(
        Status.Code.INTERNAL, "", "the experts could not be computed: " + cause);
  }

  private static int micros(long nanos) {
    return (int) Math.clamp(nanos / 1000, 0, MAX_UINT32);
  }
}
