package io.moesaic.deploy.system;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.fasterxml.jackson.databind.JsonNode;
import io.moesaic.deploy.dev.ClusterProgress;
import io.moesaic.deploy.dev.ClusterSpec;
import io.moesaic.deploy.dev.LocalCluster;
import io.moesaic.deploy.system.Listener.Told;
import io.moesaic.router.sampling.TokenScore;
import io.moesaic.tensor.TestModels;
import java.net.http.HttpResponse;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// An encoder-decoder whose experts overflow, served by processes: the bytes that clients get are
/// those of an engine in this one, on another number of nodes.
@Timeout(240)
class EncoderDecoderOverHttpTest {
  @Test
  void clientsGetTheBytesOfAnEngine() throws Exception {
    var model = TestModels.switchTransformersTight();
    var requests = FamilyRequests.all();
    List<String> expected = new ArrayList<>();
    try (var cluster = InProcessCluster.start(model, 2);
        var engine = cluster.engine(cluster.model(), cluster.model().capacity())) {
      for (var told : InProcessCluster.alone(engine, requests.stream().map(List::of).toList())) {
        expected.add(bytes(told));
      }
    }
    try (var cluster =
            LocalCluster.start(ClusterSpec.of(model).withExperts(1), ClusterProgress.SILENT);
        var client = new ApiClient(cluster.url())) {
      var answers = client.completeTogether(requests.stream().map(FamilyRequests::json).toList());
      for (int i = 0; i < expected.size(); i++) {
        assertEquals(
            expected.get(i),
            bytes(answers.get(i)),
            "request %d, seed %d".formatted(i, FamilyRequests.SEED));
      }
    }
  }

  private static String bytes(Told told) {
    var tokens = told.text().stream().map(TokenScore::token).toList();
    var logprobs = told.text().stream().map(TokenScore::logprob).toList();
    return tokens + " " + logprobs;
  }

  private static String bytes(HttpResponse<String> response) {
    assertEquals(200, response.statusCode(), response.body());
    var choice = ApiClient.json(response).path("choices").path(0);
    List<Integer> tokens = new ArrayList<>();
    choice.path("token_ids").forEach(id -> tokens.add(id.intValue()));
    List<Float> logprobs = new ArrayList<>();
    for (JsonNode logprob : choice.path("logprobs").path("token_logprobs")) {
      logprobs.add(logprob.floatValue());
    }
    return tokens + " " + logprobs;
  }
}
