package io.moesaic.router.api;

import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moesaic.router.engine.GenerationFailure;
import io.vertx.core.buffer.Buffer;
import io.vertx.core.http.HttpServerResponse;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// What is answered instead of a result: `{"error": {"message", "type", "param", "code"}}`.
///
/// Clients repeat requests that end with 429 or 5xx, so bad input is never one of these, and a 5xx
/// that repeating cannot cure says so.
record ApiError(int status, ObjectNode body, Map<String, String> headers) {
  /// Longer messages are cut: they may echo what the client sent.
  private static final int MAX_MESSAGE_CHARS = 2_000;

  private static final long RETRY_AFTER_MILLIS = 1_000;

  ApiError {
    headers = Map.copyOf(headers);
  }

  private static ApiError of(
      int status, String type, String message, @Nullable String param, @Nullable String code) {
    var body = Json.object();
    body.putObject("error")
        .put("message", cut(message))
        .put("type", type)
        .put("param", param)
        .put("code", code);
    return new ApiError(status, body, Map.of());
  }

  /// The request is wrong.
  ///
  /// @param param path of the field, such as `messages[0].role`
  static ApiError invalid(@Nullable String param, String message) {
    return of(400, "invalid_request_error", message, param, null);
  }

  /// In the words by which client libraries recognise it.
  static ApiError tooLong(int maxModelLength, int promptTokens, int completionTokens) {
    var message =
        ("This model's maximum context length is %d tokens. However, you requested %d tokens"
                + " (%d in the messages, %d in the completion). Please reduce the length of the"
                + " messages or completion.")
            .formatted(
                maxModelLength,
                (long) promptTokens + completionTokens,
                promptTokens,
                completionTokens);
    return tooLong(message, promptTokens, maxModelLength);
  }

  /// Of a model that encodes prompts.
  static ApiError promptTooLong(int maxPromptLength, int promptTokens) {
    var message =
        ("This model encodes a prompt as a whole, and its maximum prompt length is %d tokens."
                + " However, you requested %d tokens in a prompt. Please reduce its length.")
            .formatted(maxPromptLength, promptTokens);
    return tooLong(message, promptTokens, maxPromptLength);
  }

  private static ApiError tooLong(String message, int promptTokens, int most) {
    var error = of(400, "invalid_request_error", message, null, "context_length_exceeded");
    error.body.withObject("error").put("n_prompt_tokens", promptTokens).put("n_ctx", most);
    return error;
  }

  static ApiError unknownModel(String name, String served) {
    var message = "The model '%s' does not exist; this node serves '%s'".formatted(name, served);
    return of(404, "invalid_request_error", message, "model", "model_not_found");
  }

  static ApiError layersOnly(String name) {
    var message =
        ("Model '%s' has MoE layers and nothing else, so it writes no texts; its layers are served"
                + " over Arrow Flight")
            .formatted(name);
    return of(400, "invalid_request_error", message, "model", "layers_only");
  }

  static ApiError unknownPath(String method, String path) {
    return of(404, "invalid_request_error", "No such path: " + method + " " + path, null, null);
  }

  static ApiError wrongMethod(String method, String path) {
    var message = method + " is not supported by " + path;
    return of(405, "invalid_request_error", message, null, "method_not_allowed");
  }

  static ApiError foreignOrigin() {
    var message = "Pages of this origin may not call; the node must be told to allow it";
    return of(403, "invalid_request_error", message, null, "origin_not_allowed");
  }

  static ApiError bodyTooLarge(long maxBytes) {
    var message = "The body is larger than %d bytes".formatted(maxBytes);
    return of(413, "invalid_request_error", message, null, "request_too_large");
  }

  static ApiError queueFull(String message, long retryAfterMillis) {
    return of(429, "overloaded_error", message, null, "queue_full").retryAfter(retryAfterMillis);
  }

  /// In the words of llama.cpp, for which many clients wait, with the progress beside them.
  static ApiError loading(Readiness.Loading progress) {
    var body = Json.object();
    body.putObject("error")
        .put("code", 503)
        .put("message", "Loading model")
        .put("type", "unavailable_error");
    body.put("loaded_bytes", progress.loadedBytes()).put("total_bytes", progress.totalBytes());
    return new ApiError(503, body, Map.of()).retryAfter(RETRY_AFTER_MILLIS);
  }

  static ApiError draining() {
    return unavailable("The node is shutting down; ask another one", "shutting_down");
  }

  static ApiError expertsMissing(String detail) {
    return unavailable(detail, "expert_unavailable");
  }

  static ApiError internal() {
    return internal("The node failed to answer; its log tells why");
  }

  static ApiError of(GenerationFailure failure) {
    return switch (failure.code()) {
      case EXPERT_UNAVAILABLE -> expertsMissing(failure.message());
      case SHUTTING_DOWN -> unavailable(failure.message(), "shutting_down");
      case INTERNAL -> internal(failure.message());
    };
  }

  private static ApiError internal(String message) {
    return of(500, "server_error", message, null, "internal_error")
        .withHeader("x-should-retry", "false");
  }

  private static ApiError unavailable(String message, String code) {
    return of(503, "unavailable_error", message, null, code).retryAfter(RETRY_AFTER_MILLIS);
  }

  private ApiError retryAfter(long millis) {
    return withHeader("retry-after-ms", Long.toString(millis))
        .withHeader("retry-after", Long.toString(Math.ceilDiv(millis, 1_000)));
  }

  private ApiError withHeader(String name, String value) {
    var more = new HashMap<>(headers);
    more.put(name, value);
    return new ApiError(status, body, more);
  }

  ApiException exception() {
    return new ApiException(this);
  }

  /// Answers with it, unless an answer has begun or nobody is left to read it.
  void send(HttpServerResponse response) {
    if (response.headWritten() || response.closed()) {
      return;
    }
    response.setStatusCode(status).putHeader("content-type", "application/json");
    headers.forEach(response::putHeader);
    response.end(Buffer.buffer(Json.bytes(body)));
  }

  private static String cut(String message) {
    return message.length() <= MAX_MESSAGE_CHARS
        ? message
        : message.substring(0, MAX_MESSAGE_CHARS) + "...";
  }
}
