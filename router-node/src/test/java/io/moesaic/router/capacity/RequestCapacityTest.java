package io.moesaic.router.capacity;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import io.moesaic.router.json.FieldException;
import io.moesaic.tensor.Refused;
import org.junit.jupiter.api.Test;

/// What the operator lets requests ask for.
class RequestCapacityTest {
  private static void assertAllowed(RequestCapacity allowance, String policy) {
    assertDoesNotThrow(() -> allowance.check(CapacityJson.parse(policy), "moe.capacity"));
  }

  private static String refusal(RequestCapacity allowance, String policy) {
    var parsed = CapacityJson.parse(policy);
    var refused = assertThrows(FieldException.class, () -> allowance.check(parsed, "moe.capacity"));
    assertEquals("moe.capacity", refused.field());
    return String.valueOf(refused.getMessage());
  }

  @Test
  void anythingIsAllowedUnlessTheOperatorSaysOtherwise() {
    for (var policy :
        new String[] {
          "{\"factor\": 0.001}",
          "{\"factor\": 2, \"scope\": \"step\", \"per\": \"node\", \"overflow\": \"local\"}",
          "{\"rule\": \"fixed\", \"capacity\": 1}",
          "{\"overflow\": \"none\"}"
        }) {
      assertAllowed(RequestCapacity.ANY, policy);
    }
  }

  @Test
  void nothingIsAllowedWhereTheOperatorDecidesForAll() {
    var sentence =
        "moe.capacity cannot be set: at this node all requests have the operator's capacity, leave"
            + " it out";
    assertEquals(sentence, refusal(RequestCapacity.NONE, "{\"factor\": 1}"));
    assertEquals(sentence, refusal(RequestCapacity.NONE, "{\"overflow\": \"none\"}"));
  }

  @Test
  void factorsHaveALeastValueInEveryLayer() {
    var allowance = new RequestCapacity(true, 1.25);
    assertAllowed(allowance, "{\"factor\": 1.25}");
    assertAllowed(allowance, "{\"overflow\": \"none\"}");
    assertEquals(
        "moe.capacity has the factor 1.2, must be at least 1.25 at this node",
        refusal(allowance, "{\"factor\": 1.2}"));
    assertAllowed(allowance, "{\"factor\": 2, \"layers\": {\"1\": 1.5}}");
    assertEquals(
        "moe.capacity has the factor for layer 7 1.0, must be at least 1.25 at this node",
        refusal(allowance, "{\"factor\": 2, \"layers\": {\"1\": 1.5, \"7\": 1}}"));
  }

  @Test
  void tutelsFactorsCountAsWhatTheyLeaveToAnExpert() {
    var allowance = new RequestCapacity(true, 1);
    assertAllowed(allowance, "{\"rule\": \"tutel\", \"factor\": 0}");
    assertAllowed(allowance, "{\"rule\": \"tutel\", \"factor\": -1}");
    assertAllowed(allowance, "{\"rule\": \"megablocks\", \"factor\": 0}");
    assertEquals(
        "moe.capacity has the factor -0.5, must be at least 1.0 at this node",
        refusal(allowance, "{\"rule\": \"tutel\", \"factor\": -0.5}"));
  }

  @Test
  void aLeastFactorRulesOutRulesWithoutFactors() {
    assertEquals(
        "moe.capacity has rule fixed, which has no factor, and at this node the factor must be at"
            + " least 0.5: use another rule",
        refusal(new RequestCapacity(true, 0.5), "{\"rule\": \"fixed\", \"capacity\": 64}"));
  }

  @Test
  void refusesABoundThatNoFactorCouldMeet() {
    assertEquals(
        "least factor is 1001.0, must be from 0 to 1000",
        Refused.with(IllegalArgumentException.class, () -> new RequestCapacity(true, 1001)));
  }

  @Test
  void aLivePolicyNamesOnlyLayersThatTheModelHas() {
    var first = CapacityJson.parse("{\"factor\": 2, \"layers\": {\"3\": 1}}");
    var live = new LiveCapacity(first, 4);
    assertEquals(first, live.replace(CapacityPolicy.DROPLESS));
    assertEquals(CapacityPolicy.DROPLESS, live.get());
    var beyond = CapacityJson.parse("{\"factor\": 2, \"layers\": {\"4\": 1}}");
    assertEquals(
        "layers names layer 4, must be from 0 to 3, the last of the model's MoE layers",
        Refused.with(IllegalArgumentException.class, () -> live.replace(beyond)));
    assertEquals(CapacityPolicy.DROPLESS, live.get());
  }
}
