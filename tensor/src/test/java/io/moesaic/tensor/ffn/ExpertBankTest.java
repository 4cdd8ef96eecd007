package io.moesaic.tensor.ffn;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moesaic.tensor.Refused;
import io.moesaic.tensor.TestModels;
import io.moesaic.tensor.checkpoint.Checkpoint;
import io.moesaic.tensor.checkpoint.CheckpointException;
import io.moesaic.tensor.checkpoint.ModelConfig;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class ExpertBankTest {
  private static final FeedForward SWIGLU = new FeedForward.SwiGlu(32, 48);
  private static final FeedForward RELU = new FeedForward.Relu(32, 48, false);

  @TempDir private Path directory = Path.of(".");

  record Described(Path model, int experts, FeedForward block, String... prefixes) {
    @Override
    public String toString() {
      return String.valueOf(model.getFileName());
    }
  }

  static Stream<Described> models() {
    String[] sparse = {"model.layers.0.block_sparse_moe.", "model.layers.1.block_sparse_moe."};
    String[] mlp = {"model.layers.0.mlp.", "model.layers.1.mlp."};
    String[] blocks = {
      "encoder.block.1.layer.1.mlp.",
      "encoder.block.3.layer.1.mlp.",
      "decoder.block.1.layer.2.mlp.",
      "decoder.block.3.layer.2.mlp."
    };
    return Stream.of(
        new Described(TestModels.mixtral(), 8, SWIGLU, sparse),
        new Described(TestModels.shardedBf16(), 8, SWIGLU, sparse),
        new Described(TestModels.olmoe(), 16, SWIGLU, mlp),
        new Described(TestModels.qwen2Moe(), 16, SWIGLU, mlp),
        new Described(TestModels.qwen3Moe(), 16, SWIGLU, mlp),
        new Described(TestModels.graniteMoe(), 8, SWIGLU, sparse),
        new Described(
            TestModels.gptOss(), 8, new FeedForward.ClampedSwiGlu(32, 48, 7f, 1.702f), mlp),
        new Described(TestModels.deepseekV2(), 8, SWIGLU, "model.layers.1.mlp."),
        new Described(TestModels.deepseekV3(), 16, SWIGLU, "model.layers.1.mlp."),
        new Described(TestModels.switchTransformers(), 8, RELU, blocks),
        new Described(TestModels.switchTransformersTight(), 8, RELU, blocks));
  }

  private static List<String> prefixes(ExpertBank bank) {
    return IntStream.range(0, bank.layers()).mapToObj(bank::blockPrefix).toList();
  }

  @ParameterizedTest
  @MethodSource("models")
  void describesTheExpertsOfEveryFamily(Described model) {
    var bank = ExpertBank.of(ModelConfig.read(model.model));
    assertEquals(model.experts, bank.experts());
    assertEquals(model.block, bank.block());
    assertEquals(List.of(model.prefixes), prefixes(bank));
    for (int i = 0; i < bank.count(); i++) {
      assertEquals(i, bank.indexOf(bank.at(i)));
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void touchesTheBytesOfTheExpertsAskedForAndNoOthers(Described model) {
    try (var checkpoint = Checkpoint.open(model.model);
        var arena = Arena.ofConfined()) {
      var bank = ExpertBank.of(ModelConfig.read(model.model));
      var id = new ExpertId(bank.layers() - 1, bank.experts() - 1);
      long stored = bank.storedBytes(checkpoint, id);
      assertEquals(0, checkpoint.bytesMapped());
      var weights = bank.map(checkpoint, id, arena);
      assertEquals(stored, checkpoint.bytesMapped());
      long elements = weights.down().bias().length;
      for (var linear : weights.inward()) {
        elements += 48 * 32 + linear.bias().length;
      }
      elements += 32 * 48;
      assertEquals(elements * (model.model.endsWith("mixtral_sharded_bf16") ? 2 : 4), stored);
    }
  }

  private ExpertBank bank(String config) throws IOException {
    Files.writeString(directory.resolve("config.json"), config);
    return ExpertBank.of(ModelConfig.read(directory));
  }

  private String refusal(String config) {
    return Refused.with(CheckpointException.class, () -> bank(config))
        .replace(directory.resolve("config.json") + ": ", "");
  }

  @Test
  void numbersSparseLayersOnly() throws IOException {
    var qwen =
        bank(
            """
            {"model_type": "qwen3_moe", "num_hidden_layers": 8, "hidden_size": 4, "num_experts": 2,
             "moe_intermediate_size": 5, "decoder_sparse_step": 2, "mlp_only_layers": [3]}
            """);
    assertEquals(
        List.of("model.layers.1.mlp.", "model.layers.5.mlp.", "model.layers.7.mlp."),
        prefixes(qwen));
    var deepseek =
        bank(
            """
            {"model_type": "deepseek_v2", "num_hidden_layers": 8, "hidden_size": 4,
             "n_routed_experts": 2, "moe_intermediate_size": 5, "first_k_dense_replace": 3,
             "moe_layer_freq": 2}
            """);
    assertEquals(List.of("model.layers.4.mlp.", "model.layers.6.mlp."), prefixes(deepseek));
    var switches =
        bank(
            """
            {"model_type": "switch_transformers", "num_layers": 6, "num_sparse_encoder_layers": 2,
             "num_decoder_layers": 2, "decoder_sparse_step": 1, "d_model": 4, "d_ff": 5,
             "num_experts": 2}
            """);
    assertEquals(
        List.of(
            "encoder.block.1.layer.1.mlp.",
            "encoder.block.4.layer.1.mlp.",
            "decoder.block.0.layer.2.mlp.",
            "decoder.block.1.layer.2.mlp."),
        prefixes(switches));
  }

  @Test
  void readsMoesaicsOwnType() throws IOException {
    var own = "{\"model_type\": \"moe_layers\", \"num_layers\": 2, \"hidden_size\": 4, ";
    var sizes = "\"intermediate_size\": 5, \"num_experts\": 3";
    var swiGlu = bank(own + sizes + "}");
    assertEquals(new FeedForward.SwiGlu(4, 5), swiGlu.block());
    assertEquals(List.of("layers.0.", "layers.1."), prefixes(swiGlu));
    assertEquals(3, swiGlu.experts());
    var relu = bank(own + sizes + ", \"activation\": \"relu\", \"expert_bias\": true}");
    assertEquals(new FeedForward.Relu(4, 5, true), relu.block());
    assertEquals(
        "\"activation\" is \"gelu\", must be \"swiglu\" or \"relu\"",
        refusal(own + sizes + ", \"activation\": \"gelu\"}"));
    assertEquals(
        "\"expert_bias\" is true, but only experts with \"activation\": \"relu\" have one",
        refusal(own + sizes + ", \"expert_bias\": true}"));
  }

  @Test
  void refusesWhatItCannotServe() {
    assertEquals(
        "\"model_type\" is \"llama\", must be one of mixtral, olmoe, qwen2_moe, qwen3_moe,"
            + " granitemoe, gpt_oss, deepseek_v2, deepseek_v3, switch_transformers or moe_layers",
        refusal("{\"model_type\": \"llama\"}"));
    assertTrue(refusal("{}").startsWith("\"model_type\" is absent, must be one of mixtral"));
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "'hidden_act': 'gelu'| 'hidden_act' is 'gelu', must be 'silu'",
        "'num_local_experts': 0| 'num_local_experts' is 0, must be an integer from 1 to 4096",
        "'intermediate_size': null| 'intermediate_size' is missing",
      })
  void namesTheKeyThatDoesNotFit(String key, String message) throws IOException {
    var config =
        Files.readString(TestModels.mixtral().resolve("config.json"))
            .replaceFirst("\\{", "{" + key.replace('\'', '"') + ",");
    var name = key.substring(1, key.indexOf('\'', 1));
    config = config.replaceAll("(?<=.)\n *\"" + name + "\": [^,]*,", "");
    assertEquals(message.replace('\'', '"'), refusal(config));
  }

  @Test
  void refusesAModelWithoutSparseLayers() {
    var config =
        """
        {"model_type": "deepseek_v3", "num_hidden_layers": 2, "hidden_size": 4,
         "n_routed_experts": 2, "moe_intermediate_size": 5}
        """;
    assertEquals(
        "\"model_type\" is \"deepseek_v3\", but by this file none of its layers has experts",
        refusal(config));
  }
}
