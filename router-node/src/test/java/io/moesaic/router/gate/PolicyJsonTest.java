package io.moesaic.router.gate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moesaic.router.gate.RoutingPolicy.Dense;
import io.moesaic.router.gate.RoutingPolicy.ExpertChoice;
import io.moesaic.router.gate.RoutingPolicy.GShardTop2;
import io.moesaic.router.gate.RoutingPolicy.GroupLimitedSigmoid;
import io.moesaic.router.gate.RoutingPolicy.GroupLimitedSoftmax;
import io.moesaic.router.gate.RoutingPolicy.Hash;
import io.moesaic.router.gate.RoutingPolicy.NoisyTopK;
import io.moesaic.router.gate.RoutingPolicy.SigmoidInput;
import io.moesaic.router.gate.RoutingPolicy.SoftmaxTopK;
import io.moesaic.router.gate.RoutingPolicy.SwitchTop1;
import io.moesaic.router.gate.RoutingPolicy.TopKSoftmax;
import io.moesaic.router.json.FieldException;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class PolicyJsonTest {
  private static final Map<String, RoutingPolicy> SHORTEST =
      Map.ofEntries(
          Map.entry("{'type': 'dense'}", new Dense()),
          Map.entry("{'type': 'noisy_top_k', 'k': 2}", new NoisyTopK(2, false, 0.01)),
          Map.entry(
              "{'type': 'gshard_top_2'}",
              new GShardTop2(GShardTop2.Second.RANDOM, 0.5, GShardTop2.Normalize.BEFORE)),
          Map.entry("{'type': 'switch_top_1'}", new SwitchTop1()),
          Map.entry("{'type': 'softmax_top_k', 'k': 8}", new SoftmaxTopK(8, false, 1)),
          Map.entry("{'type': 'top_k_softmax', 'k': 4}", new TopKSoftmax(4)),
          Map.entry(
              "{'type': 'group_limited_softmax', 'k': 6, 'groups': 8, 'top_groups': 3}",
              new GroupLimitedSoftmax(6, 8, 3, false, 1)),
          Map.entry(
              "{'type': 'group_limited_sigmoid', 'k': 8, 'groups': 8, 'top_groups': 4}",
              new GroupLimitedSigmoid(8, 8, 4, false, 1, GroupLimitedSigmoid.Mask.MINUS_INFINITY)),
          Map.entry("{'type': 'sigmoid_input', 'k': 1}", new SigmoidInput(1)),
          Map.entry("{'type': 'expert_choice', 'factor': 2}", new ExpertChoice(2)),
          Map.entry("{'type': 'hash'}", new Hash(1, 0)));

  private static final List<RoutingPolicy> FULL =
      List.of(
          new NoisyTopK(3, true, 0.25),
          new GShardTop2(GShardTop2.Second.ALWAYS, 0.2, GShardTop2.Normalize.AFTER),
          new SoftmaxTopK(2, true, 2.5f),
          new GroupLimitedSoftmax(6, 8, 3, true, 16.1f),
          new GroupLimitedSigmoid(8, 8, 4, true, 2.5f, GroupLimitedSigmoid.Mask.ZERO),
          new ExpertChoice(0.1),
          new Hash(2, Long.MIN_VALUE));

  @Test
  void absentFieldsHaveTheirDefaults() {
    SHORTEST.forEach(
        (json, policy) -> assertEquals(policy, PolicyJson.parse(json.replace('\'', '"'))));
    assertEquals(RoutingPolicy.class.getPermittedSubclasses().length, SHORTEST.size());
  }

  @Test
  void whatIsWrittenReadsBack() {
    for (var policy : FULL) {
      assertEquals(policy, PolicyJson.parse(PolicyJson.write(policy).toString()));
    }
    for (var policy : SHORTEST.values()) {
      assertEquals(policy, PolicyJson.parse(PolicyJson.write(policy).toString()));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{}                                      | type | type is missing, must be one of dense,",
        "{'type': 'top2'}                        | type | type is \"top2\" but must be one of"
            + " dense,",
        "{'type': 2}                             | type | type is 2 but must be a string",
        "{'type': 'dense', 'k': 2}               | k    | k is not known here; known are type",
        "{'type': 'softmax_top_k'}               | k    | k is missing, must be an integer from 1"
            + " to 4096",
        "{'type': 'softmax_top_k', 'k': 0}       | k    | k is 0 but must be an integer from 1 to"
            + " 4096",
        "{'type': 'softmax_top_k', 'k': 1.5}     | k    | k is 1.5 but must be an integer",
        "{'type': 'softmax_top_k', 'k': '2'}     | k    | k is \"2\" but must be an integer",
        "{'type': 'softmax_top_k', 'k': 5000}    | k    | k is 5000 but must be an integer from 1"
            + " to 4096",
        "{'type': 'softmax_top_k', 'k': 2, 'renormalise': true} | renormalise | renormalise is not"
            + " known here; known are k, renormalize, scale, type",
        "{'type': 'softmax_top_k', 'k': 2, 'renormalize': 1} | renormalize | renormalize is 1 but"
            + " must be true or false",
        "{'type': 'softmax_top_k', 'k': 2, 'scale': 0} | scale | scale is 0 but must be a number"
            + " above 0, at most 1000000",
        "{'type': 'softmax_top_k', 'k': 2, 'scale': 1e999} | scale | scale is",
        "{'type': 'top_k_softmax', 'k': 2, 'scale': 2} | scale | scale is not known here; known are"
            + " k, type",
        "{'type': 'noisy_top_k', 'k': 2, 'epsilon': -1} | epsilon | epsilon is -1 but must be a"
            + " number from 0 to 100",
        "{'type': 'gshard_top_2', 'second': 'never'} | second | second is \"never\" but must be one"
            + " of random, always",
        "{'type': 'gshard_top_2', 'threshold': 0} | threshold | threshold is 0 but must be a number"
            + " above 0, at most 1",
        "{'type': 'gshard_top_2', 'normalize': 'no'} | normalize | normalize is \"no\" but must be"
            + " one of before, after",
        "{'type': 'group_limited_softmax', 'k': 2, 'groups': 4} | top_groups | top_groups is"
            + " missing",
        "{'type': 'group_limited_softmax', 'k': 2, 'groups': 4, 'top_groups': 5} | top_groups |"
            + " top_groups is 5, must be from 1 to 4",
        "{'type': 'group_limited_sigmoid', 'k': 2, 'groups': 4, 'top_groups': 2, 'mask': 0} | mask"
            + " | mask is 0 but must be a string",
        "{'type': 'expert_choice'}               | factor | factor is missing, must be above 0, at"
            + " most 4096",
        "{'type': 'expert_choice', 'factor': 0}  | factor | factor is 0 but must be a number above"
            + " 0, at most 4096",
        "{'type': 'hash', 'seed': 1.5}           | seed | seed is 1.5 but must be an integer of 64"
            + " bits",
        "{'type': 'dense', 'type': 'hash'}       | ''   | It is not JSON, or names a field twice",
        "[1]                                     | ''   | It must be a JSON object",
        "{'type': 'dense'} {}                    | ''   | It is not JSON"
      })
  void whatCannotBeMeantIsRefused(String json, String field, String beginning) {
    var refusal =
        assertThrows(FieldException.class, () -> PolicyJson.parse(json.replace('\'', '"')));
    assertEquals(field, refusal.field());
    var message = String.valueOf(refusal.getMessage());
    assertTrue(message.startsWith(beginning), message);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "{'type': 'softmax_top_k', 'k': 9}  | 8 | k is 9, must be from 1 to the 8 experts of a"
            + " layer",
        "{'type': 'gshard_top_2'}           | 1 | k is 2, must be from 1 to the 1 experts of a"
            + " layer",
        "{'type': 'switch_top_1'}           | 0 | k is 1, must be from 1 to the 0 experts of a"
            + " layer",
        "{'type': 'dense'}                  | 0 | k is 0, must be from 1 to the 0 experts of a"
            + " layer",
        "{'type': 'expert_choice', 'factor': 1} | 0 | k is 0, must be from 1 to the 0 experts of a"
            + " layer",
        "{'type': 'hash', 'k': 3}           | 2 | k is 3, must be from 1 to the 2 experts of a"
            + " layer",
        "{'type': 'group_limited_softmax', 'k': 2, 'groups': 3, 'top_groups': 1} | 8 | groups is 3,"
            + " must be a divisor of the 8 experts, with at least 1 in a group",
        "{'type': 'group_limited_softmax', 'k': 3, 'groups': 4, 'top_groups': 1} | 8 | k is 3, must"
            + " be at most the 2 experts of top_groups groups",
        "{'type': 'group_limited_sigmoid', 'k': 2, 'groups': 8, 'top_groups': 2} | 8 | groups is 8,"
            + " must be a divisor of the 8 experts, with at least 2 in a group"
      })
  void aPolicyMustFitTheExperts(String json, int experts, String message) {
    var policy = PolicyJson.parse(json.replace('\'', '"'));
    var refusal = assertThrows(IllegalArgumentException.class, () -> policy.requireFits(experts));
    assertEquals(message, refusal.getMessage());
  }

  @Test
  void aPolicyMadeInCodeIsCheckedToo() {
    assertThrows(IllegalArgumentException.class, () -> new NoisyTopK(1, true, Double.NaN));
    assertThrows(IllegalArgumentException.class, () -> new SoftmaxTopK(1, true, Float.NaN));
    assertThrows(IllegalArgumentException.class, () -> new ExpertChoice(Double.POSITIVE_INFINITY));
    assertThrows(IllegalArgumentException.class, () -> new GroupLimitedSoftmax(1, 0, 0, true, 1));
  }
}
