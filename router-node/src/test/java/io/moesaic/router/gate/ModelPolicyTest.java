package io.moesaic.router.gate;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moesaic.router.gate.RoutingPolicy.GroupLimitedSigmoid;
import io.moesaic.router.gate.RoutingPolicy.GroupLimitedSigmoid.Mask;
import io.moesaic.router.gate.RoutingPolicy.GroupLimitedSoftmax;
import io.moesaic.router.gate.RoutingPolicy.NoisyTopK;
import io.moesaic.router.gate.RoutingPolicy.SigmoidInput;
import io.moesaic.router.gate.RoutingPolicy.SoftmaxTopK;
import io.moesaic.router.gate.RoutingPolicy.SwitchTop1;
import io.moesaic.router.gate.RoutingPolicy.TopKSoftmax;
import io.moesaic.tensor.checkpoint.CheckpointException;
import io.moesaic.tensor.checkpoint.ModelConfig;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The policy of each model family, from the keys of its `config.json`.
class ModelPolicyTest {
  @TempDir private Path model;

  private RoutingPolicy policy(String fields) {
    try {
      Files.writeString(model.resolve("config.json"), "{" + fields.replace('\'', '"') + "}");
    } catch (IOException e) {
      throw new AssertionError(e);
    }
    return ModelPolicy.of(ModelConfig.read(model));
  }

  private RoutingPolicy policy(String type, String fields) {
    return policy("'model_type': '" + type + "', 'num_experts_per_tok': 4" + fields);
  }

  @Test
  void mixtralDividesByTheSum() {
    assertEquals(new SoftmaxTopK(4, true, 1), policy("mixtral", ""));
  }

  @Test
  void qwenAndOlmoeDivideByTheSumWhenTheySaySo() {
    for (var type : new String[] {"olmoe", "qwen2_moe", "qwen3_moe"}) {
      assertEquals(new SoftmaxTopK(4, false, 1), policy(type, ""));
      assertEquals(new SoftmaxTopK(4, false, 1), policy(type, ", 'norm_topk_prob': false"));
      assertEquals(new SoftmaxTopK(4, true, 1), policy(type, ", 'norm_topk_prob': true"));
    }
  }

  @Test
  void graniteAndGptOssTakeTheSoftmaxOfTheChosen() {
    assertEquals(new TopKSoftmax(4), policy("granitemoe", ""));
    assertEquals(new TopKSoftmax(4), policy("gpt_oss", ""));
  }

  @Test
  void switchTakesOne() {
    assertEquals(new SwitchTop1(), policy("switch_transformers", ""));
  }

  @Test
  void llama4ScalesTheInput() {
    assertEquals(new SigmoidInput(4), policy("llama4_text", ""));
  }

  @Test
  void deepSeekV2IsGreedyOrLimitedToGroups() {
    assertEquals(new SoftmaxTopK(4, false, 1), policy("deepseek_v2", ""));
    assertEquals(
        new SoftmaxTopK(4, false, 16),
        policy("deepseek_v2", ", 'routed_scaling_factor': 16.0, 'norm_topk_prob': true"));
    assertEquals(
        new GroupLimitedSoftmax(4, 8, 3, false, 1.5f),
        policy(
            "deepseek_v2",
            ", 'topk_method': 'group_limited_greedy', 'n_group': 8, 'topk_group': 3,"
                + " 'routed_scaling_factor': 1.5"));
    assertThrows(
        CheckpointException.class, () -> policy("deepseek_v2", ", 'topk_method': 'noaux_tc'"));
  }

  @Test
  void deepSeekV3HasTheDefaultsOfTransformers() {
    assertEquals(
        new GroupLimitedSigmoid(4, 8, 4, true, 2.5f, Mask.MINUS_INFINITY),
        policy("deepseek_v3", ""));
    assertEquals(
        new GroupLimitedSigmoid(4, 4, 2, false, 1, Mask.MINUS_INFINITY),
        policy(
            "deepseek_v3",
            ", 'n_group': 4, 'topk_group': 2, 'norm_topk_prob': false,"
                + " 'routed_scaling_factor': 1.0"));
  }

  @Test
  void layersOfOnesOwnSayWhatTheyWant() {
    assertEquals(
        new NoisyTopK(2, true, 0.5),
        policy(
            "'model_type': 'moe_layers',"
                + " 'policy': {'type': 'noisy_top_k', 'k': 2, 'noise': true, 'epsilon': 0.5}"));
    var refusal =
        assertThrows(
            CheckpointException.class,
            () -> policy("'model_type': 'moe_layers', 'policy': {'type': 'top_k_softmax'}"));
    assertTrue(
        String.valueOf(refusal.getMessage()).contains("policy.k is missing"), refusal.getMessage());
  }

  @Test
  void anUnknownFamilyIsRefused() {
    assertThrows(CheckpointException.class, () -> policy("gpt2", ""));
    assertThrows(CheckpointException.class, () -> policy("'num_experts_per_tok': 2"));
  }
}
