package io.moesaic.deploy.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moesaic.deploy.dev.ClusterProgress;
import io.moesaic.deploy.dev.ClusterSpec;
import io.moesaic.deploy.dev.LocalCluster;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// Same prompt, same bytes, also where tokens are routed in another way and experts are limited:
/// whole clusters, whose router is told so by flags, and by requests.
class PolicyBytesTest {
  private static final String POLICY = "--policy={\"type\":\"softmax_top_k\",\"k\":3}";
  private static final String CAPACITY = "--capacity={\"factor\":1,\"scope\":\"sequence\"}";
  private static final Map<String, Object> OWN_CAPACITY =
      Map.of("factor", 0.75, "scope", "request", "overflow", "next_choice");

  private static final List<Map<String, Object>> REQUESTS =
      List.of(
          request("In the beginning God created the heaven and the earth. ", 1, Map.of()),
          request("Call me Ishmael. Some years ago, ", 2, Map.of("capacity", OWN_CAPACITY)),
          request("public static void main(String[] args) { }", 1, Map.of()),
          request("Fellow citizens of the Senate. ", 3, Map.of("capacity", OWN_CAPACITY)));

  private static Map<String, Object> request(String prompt, int texts, Map<String, Object> moe) {
    Map<String, Object> body = new HashMap<>();
    body.put("prompt", prompt.repeat(8));
    body.put("n", texts);
    body.put("max_tokens", 6);
    body.put("temperature", 0.7);
    body.put("seed", 5);
    body.put("ignore_eos", true);
    body.put("logprobs", 2);
    body.put("return_token_ids", true);
    body.put("return_moe_stats", true);
    body.put("moe", moe);
    return body;
  }

  @Test
  void limitedBySequenceOrRequestOnAnyNumberOfNodesAloneAndTogether() throws Exception {
    List<String> expected = List.of();
    for (int nodes : List.of(1, 3)) {
      var spec = ClusterSpec.ofBundledModel().withExperts(nodes).withRouterFlags(POLICY, CAPACITY);
      try (var cluster = LocalCluster.start(spec, ClusterProgress.SILENT);
          var client = new ApiClient(cluster.url())) {
        var alone = new ArrayList<String>();
        for (var request : REQUESTS) {
          alone.add(outcome(client.complete(request)));
        }
        expected = expected.isEmpty() ? alone : expected;
        assertEquals(expected, alone, nodes + " nodes, each alone");
        var together =
            client.completeTogether(REQUESTS).stream().map(PolicyBytesTest::outcome).toList();
        assertEquals(expected, together, nodes + " nodes, all together");
      }
    }
  }

  /// Token ids, logprobs and what became of choices.
  private static String outcome(HttpResponse<String> response) {
    assertEquals(200, response.statusCode(), response.body());
    var answer = ApiClient.json(response);
    var moe = answer.get("moe");
    assertTrue(moe.get("dropped").asInt() + moe.get("rerouted").asInt() > 0, "limited: " + moe);
    var bytes = new StringBuilder(moe.toString());
    for (var choice : answer.get("choices")) {
      bytes.append(choice.get("token_ids")).append(choice.get("logprobs"));
    }
    return bytes.toString();
  }
}
