package io.moesaic.deploy.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moesaic.deploy.dev.ClusterProgress;
import io.moesaic.deploy.dev.ClusterSpec;
import io.moesaic.deploy.dev.LocalCluster;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;

/// `kill -9` of an expert node under load: each request that needed it is told, clearly; the router
/// lives on, and serves again when the node is back.
class DeathTest {
  private static final Map<String, Object> PROBE =
      Map.of("prompt", "Call me", "max_tokens", 8, "temperature", 0, "logprobs", 1);

  @Test
  void affectedRequestsAreToldAndTheRouterRecovers() throws Exception {
    try (var cluster = LocalCluster.start(ClusterSpec.ofBundledModel(), ClusterProgress.SILENT);
        var client = new ApiClient(cluster.url());
        var threads = Executors.newVirtualThreadPerTaskExecutor()) {
      var before = choices(client.complete(PROBE));
      long router = cluster.router().pid();

      List<Future<HttpResponse<String>>> load = new ArrayList<>();
      for (int i = 0; i < 12; i++) {
        var request = longRequest(i);
        load.add(threads.submit(() -> client.complete(request)));
      }
      Thread.sleep(1_000);
      var victim = cluster.experts().get(1);
      victim.kill();

      for (var answer : load) {
        assertClearlyEnded(answer.get(), victim.address().toString());
      }
      var refused = client.complete(PROBE);
      assertEquals(503, refused.statusCode(), refused.body());
      assertUnavailable(refused.body(), victim.address().toString());
      assertTrue(refused.headers().firstValue("retry-after-ms").isPresent());
      assertEquals(503, client.get("/health").statusCode());
      assertEquals(router, cluster.router().pid());
      assertEquals(200, client.get("/live").statusCode());

      victim.restart();
      awaitHealthy(client);
      assertEquals(before, choices(client.complete(PROBE)));
    }
  }

  private static Map<String, Object> longRequest(int number) {
    return Map.of(
        "prompt",
        "Number " + number + " is",
        "max_tokens",
        1_500,
        "ignore_eos",
        true,
        "stream",
        number % 2 == 0);
  }

  /// A status of 503, or an error event in a stream that had begun.
  private static void assertClearlyEnded(HttpResponse<String> answer, String node) {
    if (answer.statusCode() == 200) {
      var body = answer.body();
      assertTrue(body.contains("event: error\ndata: {\"error\":"), tail(body));
      assertUnavailable(body.substring(body.indexOf("event: error")), node);
    } else {
      assertEquals(503, answer.statusCode(), answer.body());
      assertUnavailable(answer.body(), node);
    }
  }

  private static void assertUnavailable(String error, String node) {
    assertTrue(error.contains("\"code\":\"expert_unavailable\""), error);
    assertTrue(error.contains(node), error);
  }

  private static String tail(String text) {
    return text.substring(Math.max(0, text.length() - 500));
  }

  private static String choices(HttpResponse<String> answer) {
    assertEquals(200, answer.statusCode(), answer.body());
    return ApiClient.json(answer).get("choices").toString();
  }

  private static void awaitHealthy(ApiClient client) throws Exception {
    long deadline = System.nanoTime() + 20_000_000_000L;
    while (client.get("/health").statusCode() != 200) {
      assertTrue(System.nanoTime() < deadline, "the router did not recover within 20 s");
      Thread.sleep(50);
    }
  }
}
