package io.moesaic.deploy.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import io.moesaic.router.capacity.CapacityJson;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// The command in front of a router that holds a capacity and has served a little.
class CapacityCommandTest {
  private static final String STATS =
      """
      {"total": {"offered": 16, "accepted": 12, "dropped": 3, "rerouted": 1},
       "layers": [{"layer": 0, "offered": 16, "accepted": 12, "dropped": 3, "rerouted": 1,
         "by_expert": {"offered": [8, 4, 4, 0], "accepted": [4, 4, 4, 0],
                       "dropped": [3, 0, 0, 0], "rerouted": [0, 0, 0, 1]},
         "dropped_by_rank": [1, 2], "max_over_mean": 2.0, "gini": 0.375,
         "padded_fraction": 0.1, "mass_dropped": 0.125}]}
      """;

  private static final String OF_MODEL =
      "{\"rule\": \"fixed\", \"capacity\": 64, \"scope\": \"whole_sequence\"}";

  private final HttpServer server;
  private String capacity = "{\"overflow\":\"none\"}";

  CapacityCommandTest() throws IOException {
    server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
    server.createContext("/moe/capacity", this::capacity);
    server.createContext("/moe/stats", exchange -> answer(exchange, 200, STATS));
  }

  private void capacity(HttpExchange exchange) throws IOException {
    var body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
    if (exchange.getRequestMethod().equals("PUT") && body.contains("\"layers\"")) {
      answer(exchange, 400, "{\"error\": {\"message\": \"layers names layer 9\"}}");
      return;
    }
    if (exchange.getRequestMethod().equals("DELETE")) {
      capacity = OF_MODEL;
    } else if (!body.isEmpty()) {
      capacity = body;
    }
    answer(exchange, 200, capacity);
  }

  private static void answer(HttpExchange exchange, int status, String body) throws IOException {
    var bytes = body.getBytes(StandardCharsets.UTF_8);
    exchange.sendResponseHeaders(status, bytes.length);
    exchange.getResponseBody().write(bytes);
    exchange.close();
  }

  @BeforeEach
  void start() {
    server.start();
  }

  @AfterEach
  void stop() {
    server.stop(0);
  }

  private Outcome run(String... options) {
    var url = "http://127.0.0.1:" + server.getAddress().getPort();
    return Outcome.of(Stream.of("capacity", "--url=" + url), options);
  }

  @Test
  void showsALineForEachLayer() {
    var lines = run().out().lines().toList();
    assertEquals("capacity none: every expert takes all that choose it", lines.getFirst());
    assertEquals(
        "0            16   18.8 %  12.5 %     6.3 %    2.00x  0.38  █▄▄▁", lines.getLast());
  }

  @Test
  void showsTheExpertsOfOneLayerWithBars() {
    var lines = run("--layer=0").out().lines().toList();
    assertEquals(
        "0              8         4              0         4  " + "#".repeat(20) + ".".repeat(20),
        lines.get(3));
    assertEquals("3              0         0              1         0  +++++", lines.get(6));
  }

  @Test
  void setsALimitAndSaysWhatItMakesRequestsDependOn() {
    var set = run("--set={\"factor\": 1, \"scope\": \"step\"}");
    assertEquals(0, set.status(), set.err());
    assertTrue(set.out().contains("depends on what runs beside it"), set.out());
    assertEquals(
        CapacityJson.parse("{\"factor\": 1, \"scope\": \"step\"}"), CapacityJson.parse(capacity));
    assertTrue(run("--set=1.5").out().contains("is the same whatever runs beside it"));
    run("--set=none");
    assertEquals("{\"overflow\":\"none\"}", capacity);
  }

  @Test
  void theModelsOwnLimitComesBack() {
    var reset = run("--reset");
    assertEquals(0, reset.status(), reset.err());
    assertEquals(OF_MODEL, capacity);
    assertEquals(1, run("--set=none", "--reset").status());
    assertEquals(OF_MODEL, capacity);
  }

  @Test
  void printsJson() throws IOException {
    var json = new ObjectMapper().readTree(run("--set=1.5", "--json").out());
    assertEquals(1.5, json.get("capacity").get("factor").asDouble());
    assertEquals(16, json.get("stats").get("total").get("offered").asInt());
  }

  @Test
  void whatIsWrongIsOneSentence() {
    var layer = run("--layer=1");
    assertEquals(1, layer.status());
    assertTrue(layer.err().contains("layer is 1, must be from 0 to 0"), layer.err());
    var refused = run("--set={\"factor\": 1, \"layers\": {\"9\": 2}}");
    assertEquals(1, refused.status());
    assertTrue(refused.err().contains("refused the request (400): layers names layer 9"));
    stop();
    var gone = run();
    assertEquals(1, gone.status());
    assertTrue(gone.err().contains("nothing listens at http://127.0.0.1:"), gone.err());
  }
}
