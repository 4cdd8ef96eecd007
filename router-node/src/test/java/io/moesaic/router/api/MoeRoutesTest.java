package io.moesaic.router.api;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moesaic.router.capacity.Admission;
import io.moesaic.router.capacity.CapacityJson;
import io.moesaic.router.capacity.CapacityPolicy;
import io.moesaic.router.gate.Choices;
import java.net.http.HttpRequest.BodyPublishers;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What operators see and set.
class MoeRoutesTest {
  private ApiServer server = ApiServer.serving();

  @AfterEach
  void stop() {
    server.close();
  }

  @Test
  void theCapacityThatIsReadCanBeWrittenBack() {
    assertEquals(
        ApiServer.json("{\"overflow\": \"none\"}"), ApiServer.json(server.get("/moe/capacity")));
    var policy =
        CapacityJson.parse(
            """
            {"factor": 1.5, "rule": "fastmoe", "scope": "step", "layers": {"1": 3},
             "priority": "random", "seed": 9, "overflow": "local"}
            """);
    server.capacity.replace(policy);
    var read = server.get("/moe/capacity").body();
    server.capacity.replace(CapacityPolicy.DROPLESS);
    assertEquals(200, server.put("/moe/capacity", read).statusCode());
    assertEquals(policy, server.capacity.get());
  }

  @Test
  void anotherCapacityIsAnsweredWithTheOneBefore() {
    server.capacity.replace(CapacityJson.parse("{\"rule\": \"fixed\", \"capacity\": 5}"));
    var response = server.put("/moe/capacity", "{\"factor\": 2, \"scope\": \"step\"}");
    assertEquals(
        ApiServer.json(
            """
            {"old": {"rule": "fixed", "capacity": 5, "scope": "sequence",
                     "per": "expert", "priority": "probability", "overflow": "drop",
                     "renormalize": "never"},
             "new": {"rule": "megatron", "factor": 2.0, "minimum": 0, "multiple_of": 1,
                     "scope": "step", "per": "expert", "priority": "probability",
                     "overflow": "drop", "renormalize": "never"},
             "batch_dependent": true}
            """),
        ApiServer.json(response));
    assertEquals(CapacityJson.parse("{\"factor\": 2, \"scope\": \"step\"}"), server.capacity.get());
  }

  @Test
  void theModelsOwnCapacityComesBack() {
    server.capacity.replace(CapacityPolicy.DROPLESS);
    var response = server.send(server.request("/moe/capacity").DELETE());
    assertEquals(200, response.statusCode(), response.body());
    assertEquals("none", ApiServer.json(response).path("old").path("overflow").asText());
    assertEquals(ApiServer.OF_MODEL, server.capacity.get());
  }

  private void assertRefused(String body, String param, String message) {
    var response = server.put("/moe/capacity", body);
    assertEquals(400, response.statusCode());
    var error = ApiServer.json(response).get("error");
    assertEquals(message, error.get("message").asText());
    assertEquals(param, error.get("param").asText());
    assertEquals(CapacityPolicy.DROPLESS, server.capacity.get());
  }

  @Test
  void aCapacityThatCannotBeIsRefusedAndChangesNothing() {
    assertRefused("{}", "factor", "factor is missing, must be above 0, at most 1000");
    assertRefused(
        "{\"factor\": -1}", "factor", "factor is -1 but must be a number above 0, at most 1000");
    assertRefused(
        "{\"factor\": 1, \"layers\": {\"5\": 2}}",
        "layers",
        "layers names layer 5, must be from 0 to 1, the last of the model's MoE layers");
    assertRefused(
        "{\"factor\": 1, \"scope\": \"batch\"}",
        "scope",
        "scope is \"batch\" but must be one of sequence, whole_sequence, request, step");
    assertEquals(
        400,
        server
            .send(server.request("/moe/capacity").PUT(BodyPublishers.ofString("{\"factor\": 1}")))
            .statusCode());
    assertEquals(405, server.post("/moe/capacity", "{\"factor\": 1}").statusCode());
    assertEquals(CapacityPolicy.DROPLESS, server.capacity.get());
  }

  @Test
  void thereIsNothingToSetWhileTheModelLoads() {
    server.close();
    server = ApiServer.loading();
    server.readiness = new Readiness.Loading(3, 9);
    assertEquals(503, server.get("/moe/capacity").statusCode());
    assertEquals(503, server.get("/moe/stats").statusCode());
    assertEquals(503, server.put("/moe/capacity", "{\"factor\": 1}").statusCode());
  }

  @Test
  void tellsHowExpertsWereLoaded() {
    int none = Choices.NONE;
    var offered = new Choices(4, 1, new int[4], new float[] {1, 1, 1, 1});
    var admitted = new Choices(4, 1, new int[] {0, 0, 1, none}, new float[] {1, 1, 0.5f, 0});
    server.counters.add(1, new Admission(offered, admitted, new int[4], 16));
    assertEquals(
        ApiServer.json(
            """
            {"total": {"offered": 4, "accepted": 2, "dropped": 1, "rerouted": 1},
             "layers": [
               {"layer": 0, "offered": 0, "accepted": 0, "dropped": 0, "rerouted": 0,
                "by_expert": {"offered": [0,0,0,0,0,0,0,0], "accepted": [0,0,0,0,0,0,0,0],
                              "dropped": [0,0,0,0,0,0,0,0], "rerouted": [0,0,0,0,0,0,0,0]},
                "dropped_by_rank": [], "max_over_mean": 0.0, "gini": 0.0,
                "padded_fraction": 0.0, "mass_dropped": 0.0},
               {"layer": 1, "offered": 4, "accepted": 2, "dropped": 1, "rerouted": 1,
                "by_expert": {"offered": [4,0,0,0,0,0,0,0], "accepted": [2,0,0,0,0,0,0,0],
                              "dropped": [1,0,0,0,0,0,0,0], "rerouted": [0,1,0,0,0,0,0,0]},
                "dropped_by_rank": [1], "max_over_mean": 8.0, "gini": 0.875,
                "padded_fraction": 0.8125, "mass_dropped": 0.25}]}
            """),
        ApiServer.json(server.get("/moe/stats")));
  }
}
