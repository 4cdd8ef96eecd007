package io.moesaic.router.layer;

import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.Status;
import io.moesaic.wire.FlightFrame;
import io.moesaic.wire.WireException;
import java.util.ArrayDeque;
import java.util.Queue;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// One client's DoExchange stream: batches are answered in their order, and the first that cannot
/// be ends the stream, after the answers to those before it.
///
/// ```
///   in    [descriptor]  schema   batch  batch  batch  ...  half-close
///   out                 schema   reply  reply  ...   reply  OK, or why not
/// ```
/// INVARIANT: at most [#CREDITS] batches of a stream are in memory. Each answer gives back the
/// credit with which its batch came, but is held back while the client does not read its replies.
///
/// The transport calls the listener's methods, one at a time; [#computeNext] comes from workers.
final class LayerExchange extends ServerCall.Listener<FlightFrame> {
  static final int CREDITS = 8;

  private static final Logger log = LoggerFactory.getLogger(LayerExchange.class);

  private final LayerHandler handler;
  private final LayerWorkers workers;
  private final ServerCall<FlightFrame, FlightFrame> call;

  /// Whether the descriptor has come ahead of the schema, as pyarrow sends it. The transport's.
  private boolean introduced;

  private volatile @Nullable LayerTarget target;

  // Guarded by this, as is the use of `call`.
  private final Queue<FlightFrame> waiting = new ArrayDeque<>();
  private boolean computing;
  private int heldCredits;
  private boolean halfClosed;
  private boolean draining;
  private boolean ended;

  LayerExchange(
      LayerHandler handler, LayerWorkers workers, ServerCall<FlightFrame, FlightFrame> call) {
    this.handler = handler;
    this.workers = workers;
    this.call = call;
  }

  synchronized void start() {
    call.sendHeaders(new Metadata());
    call.request(CREDITS);
  }

  // ---- in

  @Override
  public void onMessage(FlightFrame frame) {
    if (target != null) {
      accept(frame);
      return;
    }
    try (frame) {
      open(frame);
    } catch (WireException e) {
      handler.counters().add(LayerCounter.EXCHANGES_REFUSED, 1);
      end(e.status());
    }
  }

  private synchronized void open(FlightFrame first) throws WireException {
    if (ended) {
      return;
    }
    if (!introduced && first.verified().header().length == 0) {
      introduced = true;
      LayerTarget.layer(first.descriptor(), handler.model(), workers.layers());
    } else {
      var opened = LayerTarget.of(first, handler.model(), workers.layers());
      call.sendMessage(opened.schema().replyFrame());
      handler.counters().add(LayerCounter.EXCHANGES_OPENED, 1);
      target = opened;
    }
    call.request(1);
  }

  private synchronized void accept(FlightFrame frame) {
    if (ended || draining) {
      frame.close();
      return;
    }
    waiting.add(frame);
    if (!computing) {
      computing = true;
      workers.submit(this);
    }
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
    synchronized (this) {
      ended = true;
      dropWaiting();
    }
    handler.ended(this);
  }

  @Override
  public synchronized void onReady() {
    int credits = heldCredits;
    heldCredits = 0;
    if (credits > 0 && !ended) {
      call.request(credits);
    }
  }

  // ---- out

  /// Answers the next batch, if the stream has not ended meanwhile.
  void computeNext(LayerPass pass) {
    var frame = next();
    var opened = target;
    if (frame == null || opened == null) {
      return;
    }
    try (frame) {
      answer(pass.run(frame, opened));
    } catch (WireException e) {
      handler.counters().addFailure(e.code());
      end(e.status());
    } catch (RuntimeException | Error e) {
      log.error("a batch of layer {} failed", opened.layer(), e);
      handler.counters().addFailure(Status.Code.INTERNAL);
      end(Status.INTERNAL.withDescription("the layer failed; the router's log tells why"));
    }
    goOn();
  }

  private synchronized @Nullable FlightFrame next() {
    var frame = waiting.poll();
    computing = frame != null;
    return frame;
  }

  private synchronized void goOn() {
    if (waiting.isEmpty()) {
      computing = false;
      endIfAnswered();
    } else {
      workers.submit(this);
    }
  }

  private synchronized void answer(LayerPass.Answer answer) {
    if (ended) {
      answer.frame().close();
      return;
    }
    // Counted first: who has the answer finds it counted.
    handler.counters().add(LayerCounter.BATCHES_ANSWERED, 1);
    handler.counters().add(LayerCounter.ROWS_ANSWERED, answer.rows());
    call.sendMessage(answer.frame());
    heldCredits++;
    if (!draining && call.isReady()) {
      onReady();
    }
  }

  private void endIfAnswered() {
    if (waiting.isEmpty() && !computing) {
      if (halfClosed) {
        end(Status.OK);
      } else if (draining) {
        end(LayerHandler.shuttingDown());
      }
    }
  }

  /// Takes no more batches; once those that came are answered, the stream ends.
  synchronized void drain() {
    draining = true;
    endIfAnswered();
  }

  /// Ends the stream after what has been answered.
  synchronized void end(Status status) {
    if (!ended) {
      ended = true;
      dropWaiting();
      call.close(status, new Metadata());
    }
  }

  private void dropWaiting() {
    waiting.forEach(FlightFrame::close);
    waiting.clear();
  }
}
