package io.moesaic.expert.rpc;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import io.moesaic.wire.FlightFrame;
import io.moesaic.wire.TokenSchema;
import io.moesaic.wire.WireException;
import io.moesaic.wire.v1.ReplyHeader;
import org.jspecify.annotations.Nullable;

/// One router's DoExchange stream.
///
/// ```
///   in    [descriptor]  schema   batch  batch  batch  ...  half-close
///   out                 schema   reply  reply  ...   reply  OK
/// ```
/// INVARIANT: each message from the schema on is answered by one message out, and that gives back
/// the credit with which it came; so a stream never has more than [#CREDITS] unanswered batches.
/// Credits are held back while the peer does not read its replies.
///
/// The transport calls the listener's methods, one at a time; answers come from any thread.
final class ExchangeStream extends ServerCall.Listener<FlightFrame> {
  /// Enough for the micro-batches that a router has in flight; more would only wait in the queue.
  static final int CREDITS = 16;

  private final ExchangeHandler handler;
  private final Intake intake;
  private final ServerCall<FlightFrame, FlightFrame> call;

  /// Whether the descriptor has come ahead of the schema, as Arrow's own clients send it. The
  /// transport's, as is the schema.
  private boolean introduced;

  /// Null until its message has come.
  private @Nullable TokenSchema schema;

  // Guarded by this, as is the use of `call`.
  private int unanswered;
  private int heldCredits;
  private boolean halfClosed;
  private volatile boolean ended;

  ExchangeStream(
      ExchangeHandler handler, Intake intake, ServerCall<FlightFrame, FlightFrame> call) {
    this.handler = handler;
    this.intake = intake;
    this.call = call;
  }

  synchronized void start() {
    call.sendHeaders(new Metadata());
    call.request(CREDITS);
  }

  /// Whether nothing can be answered any more.
  boolean ended() {
    return ended;
  }

  // ---- in

  @Override
  public void onMessage(FlightFrame frame) {
    if (!received()) {
      frame.close();
      return;
    }
    try {
      if (schema == null) {
        open(frame);
      } else {
        intake.accept(frame, schema, this);
      }
    } catch (WireException e) {
      end(e.status());
    }
  }

  private synchronized boolean received() {
    unanswered++;
    return !ended;
  }

  private void open(FlightFrame first) throws WireException {
    try (first) {
      if (!introduced && first.verified().header().length == 0) {
        introduced = true;
        handler.checkDescriptor(first);
        passOver();
        return;
      }
      schema = handler.schema(first);
      answer(schema.reply().frame(new byte[0]));
    }
  }

  /// Gives back the credit of a message that asks for no answer.
  private synchronized void passOver() {
    unanswered--;
    call.request(1);
  }

  @Override
  public synchronized void onHalfClose() {
    halfClosed = true;
    endIfAnswered();
  }

  @Override
  public void onCancel() {
    onComplete();
  }

  @Override
  public void onComplete() {
    ended = true;
    handler.ended(this);
  }

  @Override
  public synchronized void onReady() {
    int credits = heldCredits;
    heldCredits = 0;
    if (credits > 0) {
      call.request(credits);
    }
  }

  // ---- out

  /// Sends a request's failure.
  ///
  /// @param header with the request's id
  void refuse(TokenSchema schema, ReplyHeader.Builder header, WireException e) {
    header.setCode(e.code().value()).setMessage(String.valueOf(e.getMessage()));
    answer(intake.refusal(schema, header.setField(e.field()).build()));
  }

  /// Sends a message, which it takes over.
  synchronized void answer(FlightFrame frame) {
    if (ended) {
      frame.close();
      return;
    }
    call.sendMessage(frame);
    unanswered--;
    heldCredits++;
    if (!endIfAnswered() && call.isReady()) {
      onReady();
    }
  }

  private boolean endIfAnswered() {
    if (halfClosed && unanswered == 0) {
      end(Status.OK);
    }
    return ended;
  }

  /// Ends the stream after what has been answered.
  synchronized void end(Status status) {
    if (!ended) {
      ended = true;
      call.close(status, new Metadata());
    }
  }
}
