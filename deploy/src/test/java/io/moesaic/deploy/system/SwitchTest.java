package io.moesaic.deploy.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moesaic.deploy.dev.ClusterProgress;
import io.moesaic.deploy.dev.ClusterSpec;
import io.moesaic.deploy.dev.LocalCluster;
import io.moesaic.deploy.verify.Verification;
import io.moesaic.tensor.DType;
import io.moesaic.tensor.TestModels;
import java.net.http.HttpResponse;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Switch Transformers: an encoder, a decoder, and experts that are full.
class SwitchTest {
  private static final long SEED = 20261122;

  static List<Path> models() {
    return List.of(TestModels.switchTransformers(), TestModels.switchTransformersTight());
  }

  @ParameterizedTest
  @MethodSource("models")
  void agreesWithTheReference(Path model) throws Exception {
    var spec = spec(model, 2);
    var report =
        new Verification(spec, model.resolve("expected.safetensors"), 1e-4)
            .run(List.of(DType.F32), ClusterProgress.SILENT);
    assertTrue(report.passed(), report.toString());
    assertEquals(24, report.greedyTokens());
    assertTrue(
        report.layers().stream().allMatch(layer -> layer.choicesDiffering().isPresent()),
        report.toString());
  }

  @Test
  void aPromptHasTheSameTextOnAnyNumberOfNodesAloneAndTogether() throws Exception {
    var random = new Random(SEED);
    List<Map<String, Object>> requests = new ArrayList<>();
    for (int i = 0; i < 10; i++) {
      int[] prompt = random.ints(1 + random.nextInt(90), 2, 128).toArray();
      requests.add(
          Map.of(
              "prompt",
              prompt,
              "max_tokens",
              20,
              "temperature",
              i % 2,
              "seed",
              i,
              "ignore_eos",
              true,
              "logprobs",
              2,
              "return_token_ids",
              true));
    }
    List<String> expected = List.of();
    for (int nodes = 1; nodes <= 3; nodes++) {
      try (var cluster =
              LocalCluster.start(
                  spec(TestModels.switchTransformersTight(), nodes), ClusterProgress.SILENT);
          var client = new ApiClient(cluster.url())) {
        List<String> alone = new ArrayList<>();
        for (var request : requests) {
          alone.add(outcome(client.complete(request)));
        }
        expected = expected.isEmpty() ? alone : expected;
        var what = nodes + " nodes, seed " + SEED;
        assertEquals(expected, alone, what);
        List<String> together = new ArrayList<>();
        for (var answer : client.completeTogether(requests)) {
          together.add(outcome(answer));
        }
        assertEquals(expected, together, what);
      }
    }
  }

  private static String outcome(HttpResponse<String> response) {
    assertEquals(200, response.statusCode(), response.body());
    var choice = ApiClient.json(response).path("choices").path(0);
    assertEquals(20, choice.path("token_ids").size(), choice.toString());
    return choice.path("token_ids") + " " + choice.path("logprobs");
  }

  private static ClusterSpec spec(Path model, int experts) {
    return ClusterSpec.of(model).withExperts(experts);
  }
}
