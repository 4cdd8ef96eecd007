package io.moesaic.router.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.moesaic.router.engine.GenerationFailure;
import io.moesaic.router.engine.GenerationFailure.Code;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.Socket;
import java.net.SocketException;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.function.BooleanSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

class FailuresTest {
  private ApiServer server = ApiServer.serving();

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void aFailureBeforeTheFirstTokenHasAStatus() {
    for (var stream : List.of("false", "true")) {
      server.generator.failure =
          new GenerationFailure(Code.EXPERT_UNAVAILABLE, "expert 3.5 is gone");
      var missing = server.complete("\"prompt\": \"a\", \"stream\": " + stream);
      assertEquals(503, missing.statusCode());
      assertEquals("1000", header(missing, "retry-after-ms"));
      assertEquals(
          ApiServer.json(
              """
              {"message": "expert 3.5 is gone", "type": "unavailable_error", "param": null,
               "code": "expert_unavailable"}
              """),
          error(missing));

      server.generator.failure = new GenerationFailure(Code.SHUTTING_DOWN, "bye");
      var stopping = server.complete("\"prompt\": \"a\", \"stream\": " + stream);
      assertEquals(503, stopping.statusCode());
      assertEquals("1000", header(stopping, "retry-after-ms"));
      assertEquals("shutting_down", error(stopping).get("code").asText());

      server.generator.failure = new GenerationFailure(Code.INTERNAL, "NaN in layer 2");
      var internal = server.complete("\"prompt\": \"a\", \"stream\": " + stream);
      assertEquals(500, internal.statusCode());
      assertEquals("false", header(internal, "x-should-retry"));
    }
  }

  @Test
  void aFailureInTheMiddleOfAStreamIsAnEvent() {
    server.generator.failure = new GenerationFailure(Code.EXPERT_UNAVAILABLE, "expert 3.5 is gone");
    server.generator.tokensBeforeFailure = 1;
    var response = server.complete("\"prompt\": \"a\", \"stream\": true");
    assertEquals(200, response.statusCode());
    var end = response.body().substring(response.body().indexOf("\n\n") + 2);
    assertEquals(
        """
        event: error
        data: {"error":{"message":"expert 3.5 is gone","type":"unavailable_error","param":null,\
        "code":"expert_unavailable"}}

        """,
        end);
  }

  @Test
  void aFailureOfOneTextEndsAll() {
    server.generator.failure = new GenerationFailure(Code.INTERNAL, "broken");
    server.generator.tokensBeforeFailure = 2;
    var response = server.complete("\"prompt\": \"a\", \"n\": 3");
    assertEquals(500, response.statusCode());
  }

  @Test
  void aFullQueueRefusesAllTextsOfARequest() {
    server.generator.gate = new CountDownLatch(1);
    server.generator.capacity = 2;
    var response = server.complete("\"prompt\": \"a\", \"n\": 3, \"stream\": true");
    assertEquals(429, response.statusCode());
    assertEquals("250", header(response, "retry-after-ms"));
    assertEquals("1", header(response, "retry-after"));
    assertEquals("overloaded_error", error(response).get("type").asText());
    assertFalse(response.body().matches("(?is).*rate.?limit.*"));
    assertEquals(List.of(), server.generator.requests);
  }

  @Test
  void aClientThatLeavesCancelsItsTexts() throws IOException {
    for (var stream : List.of("false", "true")) {
      int before = server.generator.cancelled.get();
      int requests = server.generator.requests.size();
      server.generator.gate = new CountDownLatch(1);
      server.generator.tokensBeforeGate = stream.equals("true") ? 1 : 0;
      try (var socket = connect()) {
        send(socket, "{\"prompt\": \"a\", \"n\": 2, \"stream\": " + stream + "}");
        await(() -> server.generator.requests.size() == requests + 2);
      }
      await(() -> server.generator.cancelled.get() == before + 2);
      server.generator.gate.countDown();
    }
    assertEquals(200, server.complete("\"prompt\": \"a\"").statusCode());
  }

  @Test
  void aClientThatDoesNotReadIsGivenUp() throws IOException {
    server.close();
    for (var settings :
        List.of(
            new ApiSettings("1", List.of(), 8 << 20, 16, 1 << 16, Duration.ofMinutes(1)),
            new ApiSettings("1", List.of(), 8 << 20, 16, 1L << 40, Duration.ofMillis(100)))) {
      server = ApiServer.serving(settings, 1 << 20);
      server.generator.pauseNanos = 1_000;
      try (var socket = connect()) {
        send(socket, "{\"prompt\": \"a\", \"stream\": true, \"max_tokens\": 1000000, \"n\": 2}");
        await(() -> server.generator.cancelled.get() == 2);
        socket.setSoTimeout(20_000);
        assertFalse(readToTheEnd(socket).contains("[DONE]"));
      }
      assertTrue(server.generator.emitted.get() < 1_000_000);
      server.close();
    }
    server = ApiServer.serving();
  }

  @Test
  void whileTheModelIsLoadedNothingIsGenerated() {
    server.close();
    server = ApiServer.loading();
    server.readiness = new Readiness.Loading(5, 10);
    var expected =
        ApiServer.json(
            """
            {"error": {"code": 503, "message": "Loading model", "type": "unavailable_error"},
             "loaded_bytes": 5, "total_bytes": 10}
            """);
    for (var response :
        List.of(
            server.get("/health"),
            server.get("/v1/models"),
            server.complete("\"prompt\": \"a\""),
            server.post("/tokenize", "{\"prompt\": \"a\"}"))) {
      assertEquals(503, response.statusCode());
      assertEquals(expected, ApiServer.json(response));
      assertEquals("1000", header(response, "retry-after-ms"));
    }
    assertEquals(200, server.get("/live").statusCode());
  }

  @Test
  void whileItDrainsNothingNewIsGenerated() {
    server.readiness = new Readiness.Draining();
    for (var response : List.of(server.get("/health"), server.complete("\"prompt\": \"a\""))) {
      assertEquals(503, response.statusCode());
      assertEquals("shutting_down", error(response).get("code").asText());
      assertEquals("1000", header(response, "retry-after-ms"));
    }
    assertEquals(200, server.get("/live").statusCode());
  }

  @Test
  void withExpertsMissingRequestsAreStillTried() {
    server.readiness = new Readiness.ExpertsMissing("layer 2: experts 4, 7");
    var health = server.get("/health");
    assertEquals(503, health.statusCode());
    assertEquals("layer 2: experts 4, 7", error(health).get("message").asText());
    assertEquals(200, server.complete("\"prompt\": \"a\"").statusCode());
  }

  private Socket connect() throws IOException {
    var socket = new Socket();
    socket.setReceiveBufferSize(4_096);
    socket.connect(new InetSocketAddress(InetAddress.getLoopbackAddress(), server.port));
    return socket;
  }

  private static void send(Socket socket, String body) throws IOException {
    var request =
        "POST /v1/completions HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n"
            + "Content-Length: %d\r\n\r\n%s".formatted(body.length(), body);
    socket.getOutputStream().write(request.getBytes(StandardCharsets.US_ASCII));
    socket.getOutputStream().flush();
  }

  private static String readToTheEnd(Socket socket) throws IOException {
    var text = new ByteArrayOutputStream();
    try {
      socket.getInputStream().transferTo(text);
    } catch (SocketException _) {
      // closed with bytes unread, the connection is reset
    }
    return text.toString(StandardCharsets.US_ASCII);
  }

  private static void await(BooleanSupplier condition) {
    long deadlineNanos = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (!condition.getAsBoolean()) {
      assertTrue(System.nanoTime() < deadlineNanos, "timed out");
      Thread.onSpinWait();
    }
  }

  private static JsonNode error(HttpResponse<String> response) {
    return ApiServer.json(response).get("error");
  }

  private static String header(HttpResponse<String> response, String name) {
    return response.headers().firstValue(name).orElseThrow();
  }
}
