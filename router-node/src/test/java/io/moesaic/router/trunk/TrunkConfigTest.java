package io.moesaic.router.trunk;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moesaic.tensor.Refused;
import io.moesaic.tensor.TestModels;
import io.moesaic.tensor.checkpoint.CheckpointException;
import io.moesaic.tensor.checkpoint.ModelConfig;
import io.vertx.core.json.JsonArray;
import io.vertx.core.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class TrunkConfigTest {
  @TempDir private Path directory;

  private TrunkConfig edited(Path model, Consumer<JsonObject> edit) throws IOException {
    var config = new JsonObject(Files.readString(model.resolve("config.json")));
    edit.accept(config);
    Files.writeString(directory.resolve("config.json"), config.encode());
    return TrunkConfig.of(ModelConfig.read(directory));
  }

  @ParameterizedTest
  @MethodSource("io.moesaic.router.trunk.Goldens#all")
  void readsTheSpellingOfTransformers4Alike(Path model) throws IOException {
    var read = TrunkConfig.of(ModelConfig.read(model));
    var older =
        edited(
            model,
            config -> {
              var rope = (JsonObject) config.remove("rope_parameters");
              if (rope != null) {
                config.put("rope_theta", rope.remove("rope_theta"));
                config.put("rope_scaling", rope.put("type", rope.remove("rope_type")));
              }
            });
    assertEquals(read, older);
  }

  @Test
  void withoutScalingThereNeedBeNoSectionForIt() throws IOException {
    var read = TrunkConfig.of(ModelConfig.read(TestModels.olmoe()));
    var bare =
        edited(
            TestModels.olmoe(),
            config -> {
              config.remove("rope_parameters");
              config.put("rope_theta", 10000.0).putNull("rope_scaling");
            });
    assertEquals(read, bare);
  }

  @Test
  void namesWhatItDoesNotServe() throws IOException {
    var rope = "rope_parameters";
    refuses(TestModels.mixtral(), c -> c.put("model_type", "llama"), "model_type", "llama");
    refuses(TestModels.mixtral(), c -> c.put("model_type", "moe_layers"), "model_type", "one of");
    refuses(TestModels.mixtral(), c -> c.put("hidden_act", "gelu"), "hidden_act", "gelu");
    refuses(TestModels.mixtral(), c -> c.put("attention_bias", true), "attention_bias", "true");
    refuses(TestModels.qwen2Moe(), c -> c.put("attention_bias", true), "attention_bias", "true");
    refuses(TestModels.olmoe(), c -> c.put("clip_qkv", -1), "clip_qkv", "-1", "greater than 0");
    refuses(TestModels.deepseekV2(), c -> c.put("mlp_bias", true), "mlp_bias", "true");
    refuses(
        TestModels.deepseekV3(),
        c -> c.put("num_key_value_heads", 2),
        "num_key_value_heads",
        "2",
        "must be num_attention_heads, 4");
    refuses(TestModels.deepseekV2(), c -> c.put("qk_rope_head_dim", 15), "qk_rope_head_dim", "15");
    refuses(TestModels.olmoe(), c -> c.put("num_key_value_heads", 3), "must divide the 4");
    refuses(TestModels.qwen3Moe(), c -> c.put("head_dim", 33), "head_dim", "33", "even");

    refuses(TestModels.olmoe(), c -> c.getJsonObject(rope).put("rope_type", "llama3"), "llama3");
    refuses(
        TestModels.olmoe(),
        c -> {
          c.remove(rope);
          c.put("rope_theta", 1e4).put("rope_scaling", new JsonObject().put("type", "linear"));
        },
        "rope_scaling.type",
        "linear");
    refuses(
        TestModels.olmoe(),
        c -> c.getJsonObject(rope).put("rope_type", "yarn"),
        "rope_parameters.factor",
        "missing");
    refuses(TestModels.olmoe(), c -> c.remove(rope), "rope_theta", "missing");
    refuses(
        TestModels.qwen3Moe(),
        c -> c.put("partial_rotary_factor", 0.5),
        "partial_rotary_factor",
        "0.5");

    refuses(TestModels.gptOss(), c -> c.remove("sliding_window"), "sliding_window", "missing");
    refuses(
        TestModels.gptOss(),
        c -> c.put("layer_types", new JsonArray(List.of("full_attention"))),
        "layer_types",
        "must have 2 items");
    refuses(
        TestModels.gptOss(),
        c -> c.put("layer_types", new JsonArray(List.of("full_attention", "chunked_attention"))),
        "layer_types",
        "only");
    refuses(TestModels.gptOss(), c -> c.put("layer_types", 3), "layer_types", "list of strings");

    var switches = TestModels.switchTransformers();
    refuses(switches, c -> c.put("dense_act_fn", "gelu"), "dense_act_fn", "gelu", "relu");
    refuses(switches, c -> c.put("router_dtype", "bfloat16"), "router_dtype", "float32");
    refuses(switches, c -> c.remove("num_decoder_layers"), "num_decoder_layers", "missing");
    var buckets = "relative_attention_num_buckets";
    refuses(switches, c -> c.put(buckets, 7), buckets, "even");
    var distance = "relative_attention_max_distance";
    refuses(switches, c -> c.put(distance, 16), distance, "from 17");
  }

  private void refuses(Path model, Consumer<JsonObject> edit, String... words) {
    var sentence = Refused.with(CheckpointException.class, () -> edited(model, edit));
    for (var word : words) {
      assertTrue(sentence.contains(word), sentence);
    }
  }

  @Test
  void namesAWeightThatIsNotAsTheConfigurationSays() throws IOException {
    var model = TestModels.qwen3Moe();
    Files.copy(model.resolve("model.safetensors"), directory.resolve("model.safetensors"));
    var config = edited(model, c -> c.put("head_dim", 64));
    var sentence =
        Refused.with(CheckpointException.class, () -> new Trunks(directory, config, 1).close());
    assertTrue(sentence.contains("model.layers.0.self_attn.q_proj.weight"), sentence);
    assertTrue(sentence.contains("[256, 32]"), sentence);
  }
}
