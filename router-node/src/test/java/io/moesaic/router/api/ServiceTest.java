package io.moesaic.router.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.net.http.HttpRequest;
import java.net.http.HttpRequest.BodyPublishers;
import java.net.http.HttpResponse;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;

class ServiceTest {
  private static final ApiServer server =
      ApiServer.serving(
          new ApiSettings(
              "1.2.3",
              List.of("http://localhost:3000"),
              8 << 20,
              16,
              1 << 20,
              Duration.ofSeconds(60)));

  @AfterAll
  static void stop() {
    server.close();
  }

  @Test
  void tellsHealthLifeAndVersion() {
    for (var path : List.of("/health", "/health/", "/live", "/live/")) {
      assertEquals("{\"status\":\"ok\"}", server.get(path).body(), path);
    }
    assertEquals("{\"version\":\"1.2.3\"}", server.get("/version").body());
  }

  @Test
  void listsItsModel() {
    var model =
        ApiServer.json(
            """
            {"id": "tiny", "object": "model", "created": 1699999999, "owned_by": "moesaic",
             "root": "tiny", "max_model_len": 64}
            """);
    var list = ApiServer.json(server.get("/v1/models"));
    assertEquals("list", list.get("object").asText());
    assertEquals(1, list.get("data").size());
    assertEquals(model, list.get("data").get(0));
    assertEquals(model, ApiServer.json(server.get("/v1/models/tiny")));
    assertError(404, "model_not_found", server.get("/v1/models/org/other"));
  }

  @Test
  void refusesConnectionsBeyondItsBoundAndServesAgainBelowIt() throws Exception {
    try (var crowded = ApiServer.serving()) {
      var loopback = InetAddress.getLoopbackAddress();
      List<Socket> sockets = new ArrayList<>();
      try {
        for (int i = 0; i < HttpApi.MAX_CONNECTIONS; i++) {
          sockets.add(new Socket(loopback, crowded.port));
        }
        try (var oneMore = new Socket(loopback, crowded.port)) {
          oneMore.setSoTimeout(10_000);
          assertEquals(-1, oneMore.getInputStream().read());
        }
      } finally {
        for (var socket : sockets) {
          socket.close();
        }
      }
      awaitHealth(crowded);
    }
  }

  /// The server learns a little later that clients have gone.
  private static void awaitHealth(ApiServer server) throws InterruptedException {
    long deadline = System.nanoTime() + Duration.ofSeconds(20).toNanos();
    while (true) {
      try {
        assertEquals(200, server.get("/health").statusCode());
        return;
      } catch (UncheckedIOException e) {
        if (System.nanoTime() > deadline) {
          throw e;
        }
        Thread.sleep(50);
      }
    }
  }

  @Test
  void knowsNoOtherPathOrMethod() {
    assertEquals(404, server.get("/v2").statusCode());
    assertEquals(
        "invalid_request_error",
        ApiServer.json(server.get("/v2")).get("error").get("type").asText());
    assertError(405, "method_not_allowed", server.get("/v1/completions"));
    assertError(405, "method_not_allowed", server.post("/health", "{}"));
  }

  @Test
  void everyAnswerHasOneRequestId() {
    for (var path : List.of("/health", "/v2", "/v1/completions", "/v1/models/none")) {
      var generated = server.get(path).headers().allValues("x-request-id");
      assertEquals(1, generated.size());
      assertTrue(generated.getFirst().matches("[0-9a-f]{12}4[0-9a-f]{19}"), generated.getFirst());
      var echoed = server.send(server.request(path).header("X-Request-Id", "mine").GET());
      assertEquals(List.of("mine"), echoed.headers().allValues("x-request-id"));
      var unfit = server.send(server.request(path).header("X-Request-Id", "a b".repeat(99)).GET());
      assertTrue(unfit.headers().allValues("x-request-id").getFirst().matches("[0-9a-f]{32}"));
    }
    var ids = server.complete("\"prompt\": \"a\"").headers().allValues("x-request-id");
    assertEquals(1, ids.size());
  }

  @Test
  void pagesOfAllowedOriginsMayCall() {
    var response = server.send(preflight("http://localhost:3000"));
    assertEquals(204, response.statusCode());
    assertEquals("http://localhost:3000", header(response, "access-control-allow-origin"));
    assertTrue(header(response, "access-control-allow-methods").contains("POST"));
    assertEquals("content-type,x-custom", header(response, "access-control-allow-headers"));
    var call = server.send(server.request("/v1/models").header("origin", "http://localhost:3000"));
    assertEquals("http://localhost:3000", header(call, "access-control-allow-origin"));
  }

  @Test
  void pagesOfOtherOriginsMayNotCall() {
    var response = server.send(preflight("http://evil.example"));
    assertError(403, "origin_not_allowed", response);
    assertTrue(response.headers().firstValue("access-control-allow-origin").isEmpty());
  }

  @Test
  void withoutAllowedOriginsNoPageIsToldThatItMay() {
    try (var closed = ApiServer.serving()) {
      var request =
          closed
              .request("/v1/completions")
              .header("origin", "http://localhost:3000")
              .header("access-control-request-method", "POST")
              .method("OPTIONS", BodyPublishers.noBody());
      var response = closed.send(request);
      assertEquals(405, response.statusCode());
      assertTrue(response.headers().firstValue("access-control-allow-origin").isEmpty());
    }
  }

  @Test
  void tokenizesInTheDialectOfPrompts() {
    assertJson(
        "{\"count\": 2, \"max_model_len\": 64, \"tokens\": [68, 69], \"token_strs\": null}",
        server.post("/tokenize", "{\"model\": \"tiny\", \"prompt\": \"ab\"}"));
    assertJson(
        "{\"count\": 2, \"max_model_len\": 64, \"tokens\": [0, 3], \"token_strs\": [\"<s>\", \""
            + " \"]}",
        server.post("/tokenize", "{\"prompt\": \"<s> \", \"return_token_strs\": true}"));
    assertJson(
        "{\"count\": 2, \"max_model_len\": 64, \"tokens\": [68, 2], \"token_strs\": null}",
        server.post("/tokenize", "{\"messages\": [{\"role\": \"user\", \"content\": \"a\"}]}"));
  }

  @Test
  void tokenizesInTheDialectOfContents() {
    assertJson(
        "{\"tokens\": [68, 69]}",
        server.post("/tokenize", "{\"content\": \"ab\", \"add_special\": true}"));
    assertJson(
        "{\"tokens\": [{\"id\": 68, \"piece\": \"a\"}]}",
        server.post("/tokenize", "{\"content\": \"a\", \"with_pieces\": true}"));
    assertJson("{\"tokens\": []}", server.post("/tokenize", "{\"content\": \"\"}"));
    try (var demo = ApiServer.servingDemo()) {
      var tokens =
          ApiServer.json(demo.post("/tokenize", "{\"content\": \"€\", \"with_pieces\": true}"))
              .get("tokens");
      assertEquals(0xE2, tokens.get(0).get("piece").get(0).asInt());
    }
  }

  @Test
  void detokenizes() {
    assertJson("{\"prompt\": \"<s>ab\"}", server.post("/detokenize", "{\"tokens\": [0, 68, 69]}"));
    assertJson("{\"prompt\": \"\"}", server.post("/detokenize", "{\"tokens\": []}"));
  }

  @Test
  void refusesWhatCannotBeConverted() {
    for (var body :
        List.of(
            "{}",
            "{\"prompt\": 1}",
            "{\"prompt\": \"a\", \"content\": \"a\"}",
            "{\"content\": 5}",
            "{\"messages\": []}")) {
      assertEquals(400, server.post("/tokenize", body).statusCode(), body);
    }
    for (var body :
        List.of("{}", "{\"tokens\": 1}", "{\"tokens\": [128]}", "{\"tokens\": [\"a\"]}")) {
      assertEquals(400, server.post("/detokenize", body).statusCode(), body);
    }
  }

  private static HttpRequest.Builder preflight(String origin) {
    return server
        .request("/v1/chat/completions")
        .header("origin", origin)
        .header("access-control-request-method", "POST")
        .header("access-control-request-headers", "content-type,x-custom")
        .method("OPTIONS", BodyPublishers.noBody());
  }

  private static void assertJson(String expected, HttpResponse<String> response) {
    assertEquals(200, response.statusCode(), response.body());
    assertEquals(ApiServer.json(expected), ApiServer.json(response));
  }

  private static void assertError(int status, String code, HttpResponse<String> response) {
    assertEquals(status, response.statusCode());
    assertEquals(code, ApiServer.json(response).get("error").get("code").asText());
  }

  private static String header(HttpResponse<String> response, String name) {
    return response.headers().firstValue(name).orElseThrow();
  }
}
