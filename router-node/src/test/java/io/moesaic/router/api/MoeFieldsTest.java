package io.moesaic.router.api;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import io.moesaic.router.capacity.CapacityJson;
import io.moesaic.router.capacity.CapacityPolicy;
import io.moesaic.router.capacity.RequestCapacity;
import io.moesaic.router.engine.MoeOptions;
import java.net.http.HttpResponse;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// How requests say what they want of the experts, and what they must not want.
class MoeFieldsTest {
  private ApiServer server = ApiServer.serving().writes("b");

  @AfterEach
  void stop() {
    server.close();
  }

  private MoeOptions options(String fields) {
    var response = server.complete("\"prompt\": \"a\", " + fields);
    assertEquals(200, response.statusCode(), response.body());
    return server.generator.requests.getLast().moe();
  }

  private Optional<CapacityPolicy> capacity(String moe) {
    return options("\"moe\": " + moe).capacity();
  }

  private static Optional<CapacityPolicy> policy(String json) {
    return Optional.of(CapacityJson.parse(json));
  }

  private void assertRefused(String moe, String param, String message) {
    HttpResponse<String> response = server.complete("\"prompt\": \"a\", \"moe\": " + moe);
    assertEquals(400, response.statusCode(), response.body());
    JsonNode error = ApiServer.json(response).get("error");
    assertEquals(message, error.get("message").asText());
    assertEquals(param, error.get("param").asText());
    assertEquals("invalid_request_error", error.get("type").asText());
    assertEquals(List.of(), server.generator.requests);
  }

  @Test
  void whoSaysNothingLeavesItToTheOperator() {
    assertEquals(MoeOptions.NONE, options("\"n\": 1"));
    assertEquals(Optional.empty(), capacity("null"));
    assertEquals(Optional.empty(), capacity("{}"));
    assertEquals(
        MoeOptions.NONE, options("\"return_moe_stats\": false, \"return_routed_experts\": null"));
  }

  @Test
  void aFactorAloneHasTheDefaultsWhereNothingIsLimited() {
    assertEquals(policy("{\"factor\": 1.25}"), capacity("{\"capacity_factor\": 1.25}"));
  }

  @Test
  void aFactorAloneKeepsTheOperatorsOtherSettings() {
    server.capacity.replace(
        CapacityJson.parse(
            """
            {"factor": 2, "rule": "vmoe", "scope": "step", "layers": {"1": 4}}
            """));
    assertEquals(
        policy("{\"factor\": 1.5, \"rule\": \"vmoe\", \"scope\": \"step\"}"),
        capacity("{\"capacity_factor\": 1.5}"));
  }

  @Test
  void aWholePolicyIsTakenAsItIs() {
    server.capacity.replace(CapacityJson.parse("{\"factor\": 2, \"scope\": \"step\"}"));
    assertEquals(
        policy("{\"factor\": 3, \"priority\": \"rank\"}"),
        capacity("{\"capacity\": {\"factor\": 3, \"priority\": \"rank\"}}"));
    assertEquals(
        policy("{\"factor\": 3}"),
        capacity("{\"capacity\": {\"factor\": 3}, \"capacity_factor\": 3.0}"));
  }

  @Test
  void nullAndOverflowNoneTakeTheLimitsAway() {
    server.capacity.replace(CapacityJson.parse("{\"factor\": 2}"));
    var dropless = Optional.of(CapacityPolicy.DROPLESS);
    assertEquals(dropless, capacity("{\"capacity\": null}"));
    assertEquals(dropless, capacity("{\"capacity_factor\": null}"));
    assertEquals(dropless, capacity("{\"capacity\": {\"overflow\": \"none\"}}"));
  }

  @Test
  void everyTextOfARequestHasItsCapacity() {
    var response =
        server.complete(
            "\"prompt\": [\"a\", \"b\"], \"n\": 2, \"moe\": {\"capacity_factor\": 1},"
                + " \"return_routed_experts\": true");
    assertEquals(200, response.statusCode());
    assertEquals(4, server.generator.requests.size());
    for (var request : server.generator.requests) {
      assertEquals(new MoeOptions(policy("{\"factor\": 1}"), false, true), request.moe());
    }
    server.chat(
        "\"messages\": [{\"role\": \"user\", \"content\": \"a\"}], \"return_moe_stats\": true,"
            + " \"moe\": {\"capacity_factor\": 2}");
    assertEquals(
        new MoeOptions(policy("{\"factor\": 2}"), true, false),
        server.generator.requests.getLast().moe());
  }

  @Test
  void refusesWhatItDoesNotKnow() {
    assertRefused(
        "{\"capacity_facto\": 1}",
        "moe.capacity_facto",
        "moe.capacity_facto is not known here; known are capacity, capacity_factor");
    assertRefused("3", "moe", "moe is 3 but must be an object");
    assertRefused(
        "{\"capacity\": \"none\"}",
        "moe.capacity",
        "moe.capacity is \"none\" but must be an object, or null to take the limits away");
    var response = server.complete("\"prompt\": \"a\", \"moe\": {\"capacity\": {\"factr\": 1}}");
    assertEquals(400, response.statusCode());
    assertTrue(response.body().contains("moe.capacity.factor is missing"), response.body());
  }

  @Test
  void refusesValuesOutOfBounds() {
    assertRefused(
        "{\"capacity_factor\": 0}",
        "moe.capacity_factor",
        "moe.capacity_factor is 0.0, must be above 0, at most 1000");
    assertRefused(
        "{\"capacity_factor\": 1001}",
        "moe.capacity_factor",
        "moe.capacity_factor is 1001 but must be a number from -1000 to 1000");
    assertRefused(
        "{\"capacity_factor\": \"1\"}",
        "moe.capacity_factor",
        "moe.capacity_factor is \"1\" but must be a number from -1000 to 1000");
    assertRefused(
        "{\"capacity\": {\"factor\": 1, \"layers\": {\"2\": 1}}}",
        "moe.capacity.layers",
        "moe.capacity.layers names layer 2, must be from 0 to 1, the last of the model's MoE"
            + " layers");
  }

  @Test
  void refusesTwoFactorsThatDiffer() {
    assertRefused(
        "{\"capacity\": {\"factor\": 2}, \"capacity_factor\": 1.5}",
        "moe.capacity_factor",
        "moe.capacity_factor is 1.5, but moe.capacity has factor 2.0: leave one of them out");
    assertRefused(
        "{\"capacity\": null, \"capacity_factor\": 1.5}",
        "moe.capacity_factor",
        "moe.capacity_factor is 1.5, but moe.capacity has no factor: leave one of them out");
    assertRefused(
        "{\"capacity\": {\"factor\": 2}, \"capacity_factor\": null}",
        "moe.capacity_factor",
        "moe.capacity_factor is null, but moe.capacity has factor 2.0: leave one of them out");
  }

  @Test
  void refusesAFactorWhereTheRuleHasNone() {
    server.capacity.replace(CapacityJson.parse("{\"rule\": \"fixed\", \"capacity\": 3}"));
    assertRefused(
        "{\"capacity_factor\": 1}",
        "moe.capacity_factor",
        "moe.capacity_factor has no meaning while this node's rule is fixed: send a whole"
            + " moe.capacity");
  }

  @Test
  void staysWithinWhatTheOperatorAllows() {
    server.close();
    server = ApiServer.serving(new RequestCapacity(true, 1.5));
    assertRefused(
        "{\"capacity_factor\": 1}",
        "moe.capacity_factor",
        "moe.capacity_factor has the factor 1.0, must be at least 1.5 at this node");
    server.close();
    server = ApiServer.serving(RequestCapacity.NONE);
    assertRefused(
        "{\"capacity\": null}",
        "moe.capacity",
        "moe.capacity cannot be set: at this node all requests have the operator's capacity, leave"
            + " it out");
    server.writes("b");
    assertEquals(Optional.empty(), capacity("{}"));
  }

  @Test
  void saysWhenTextsCannotRunTogether() {
    server.generator.together = 2;
    var response = server.complete("\"prompt\": \"a\", \"n\": 3");
    assertEquals(400, response.statusCode());
    assertEquals(
        "3 texts are too many for 2",
        ApiServer.json(response).get("error").get("message").asText());
  }
}
