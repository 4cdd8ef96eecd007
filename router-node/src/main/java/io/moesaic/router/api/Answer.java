package io.moesaic.router.api;

import com.fasterxml.jackson.databind.JsonNode;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import java.util.List;

/// Sends what becomes of a request's choices. Belongs to one event loop.
sealed interface Answer {
  /// Asks to be told when nobody is left to answer.
  void onClientLost(Runnable action);

  /// A choice has more tokens, or has ended.
  void progressed(Choice choice);

  /// All choices have ended.
  void completed();

  void failed(ApiError error);

  /// Everything at the end.
  record Whole(HttpServerResponse response, AnswerFormat format, List<Choice> choices)
      implements Answer {
    @Override
    public void onClientLost(Runnable action) {
      response.closeHandler(_ -> action.run());
    }

    @Override
    public void progressed(Choice choice) {}

    @Override
    public void completed() {
      if (!response.closed()) {
        response
            .putHeader("content-type", "application/json")
            .end(Buffer.buffer(Json.bytes(format.whole(choices))));
      }
    }

    @Override
    public void failed(ApiError error) {
      error.send(response);
    }
  }

  /// Text as soon as it is certain. Until then nothing is sent, so that a failure still has an HTTP
  /// status of its own.
  record Streamed(
      HttpServerResponse response, EventStream events, AnswerFormat format, List<Choice> choices)
      implements Answer {
    @Override
    public void onClientLost(Runnable action) {
      events.onClientLost(action);
    }

    @Override
    public void progressed(Choice choice) {
      if (choice.hasText() || choice.finishReason() != null) {
        for (JsonNode chunk : format.chunks(choice, choices)) {
          events.send(chunk);
        }
      }
    }

    @Override
    public void completed() {
      format.closingChunk(choices).ifPresent(events::send);
      events.done();
    }

    @Override
    public void failed(ApiError error) {
      if (events.begun()) {
        events.fail(error);
      } else {
        error.send(response);
      }
    }
  }
}
