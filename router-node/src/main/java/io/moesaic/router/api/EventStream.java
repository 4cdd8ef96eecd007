package io.moesaic.router.api;

import com.fasterxml.jackson.databind.JsonNode;
import io.vertx.core.Vertx;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpConnection;
import io.vertx.core.http.HttpServerRequest;
import io.vertx.core.http.HttpServerResponse;
import java.util.concurrent.TimeUnit;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;

/// Server-sent events to one client, begun by the first of them:
///
/// ```
///   data: {...}\n\n      data: {...}\n\n      data: [DONE]\n\n
/// ```
///
/// A client that reads too slowly is given up: its connection is closed. Belongs to one event loop.
final class EventStream {
  private static final Logger log = LoggerFactory.getLogger(EventStream.class);

  private static final Buffer DATA = Buffer.buffer("data: ");
  private static final Buffer END_OF_EVENT = Buffer.buffer("\n\n");
  private static final long NO_TIMER = -1;

  /// Closing a connection waits so long for what was written to be read.
  private static final long CLOSING_SECONDS = 1;

  private final Vertx vertx;
  private final HttpConnection connection;
  private final HttpServerResponse response;
  private final ApiSettings settings;
  private long unreadBytes;
  private long unreadTimer = NO_TIMER;
  private boolean givenUp;
  private Runnable clientLost = () -> {};

  EventStream(Vertx vertx, HttpServerRequest request, ApiSettings settings) {
    this.vertx = vertx;
    this.connection = request.connection();
    this.response = request.response();
    this.settings = settings;
  }

  /// Asks to be told when the client has left or is given up.
  void onClientLost(Runnable action) {
    clientLost = action;
    response.closeHandler(_ -> action.run());
  }

  boolean begun() {
    return response.headWritten();
  }

  void send(JsonNode data) {
    write(event(Json.bytes(data)));
  }

  /// Tells of a failure, after which nothing comes.
  void fail(ApiError error) {
    write(Buffer.buffer("event: error\n").appendBuffer(event(Json.bytes(error.body()))));
    end();
  }

  void done() {
    write(event(new byte[] {'[', 'D', 'O', 'N', 'E', ']'}));
    end();
  }

  private void end() {
    response.end().onComplete(_ -> cancelTimer());
  }

  private static Buffer event(byte[] data) {
    return Buffer.buffer().appendBuffer(DATA).appendBytes(data).appendBuffer(END_OF_EVENT);
  }

  private void write(Buffer frame) {
    if (givenUp || response.closed()) {
      return;
    }
    if (!begun()) {
      response
          .setChunked(true)
          .putHeader("content-type", "text/event-stream")
          .putHeader("cache-control", "no-cache")
          // proxies such as nginx would collect events otherwise
          .putHeader("x-accel-buffering", "no");
    }
    response.write(frame);
    if (response.writeQueueFull()) {
      expectReading(frame.length());
    }
  }

  /// The client has not read all: it has a while to do so.
  private void expectReading(int bytes) {
    if (unreadTimer == NO_TIMER) {
      unreadTimer =
          vertx.setTimer(settings.unreadTimeout().toMillis(), _ -> giveUp("for too long"));
      response.drainHandler(_ -> cancelTimer());
    }
    unreadBytes += bytes;
    if (unreadBytes > settings.maxUnreadBytes()) {
      giveUp("by too many bytes");
    }
  }

  private void giveUp(String why) {
    log.info("Closing a stream whose client lags {}: {} bytes unread", why, unreadBytes);
    cancelTimer();
    givenUp = true;
    connection.shutdown(CLOSING_SECONDS, TimeUnit.SECONDS);
    clientLost.run();
  }

  private void cancelTimer() {
    if (unreadTimer != NO_TIMER) {
      vertx.cancelTimer(unreadTimer);
      unreadTimer = NO_TIMER;
    }
    unreadBytes = 0;
  }
}
