package io.moesaic.deploy.inspect;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.moesaic.deploy.inspect.Inspection.NodeShare;
import io.moesaic.router.capacity.CapacityJson;
import io.moesaic.router.gate.PolicyJson;
import io.moesaic.router.gate.RoutingPolicy.SoftmaxTopK;
import io.moesaic.tensor.checkpoint.CheckpointException;
import io.moesaic.tensor.ffn.ExpertBank;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class InspectorTest {
  /// gate, up and down of 48 x 32 floats.
  private static final long EXPERT_BYTES = 3 * 48 * 32 * Float.BYTES;

  @TempDir Path directory;

  private static Inspection inspect(Path model) {
    return Models.inspect(model, 1, 3);
  }

  /// A copy of a golden model, with another configuration.
  private Path changed(String family, Consumer<ObjectNode> change) throws IOException {
    try (var files = Files.list(Models.golden(family))) {
      for (var file : files.toList()) {
        Files.copy(file, directory.resolve(file.getFileName().toString()));
      }
    }
    var mapper = new ObjectMapper();
    var config = directory.resolve("config.json");
    var json = (ObjectNode) mapper.readTree(config.toFile());
    change.accept(json);
    mapper.writeValue(config.toFile(), json);
    return directory;
  }

  private static String reasons(Inspection inspection) {
    return inspection.refusals().stream()
        .map(refusal -> refusal.what() + ": " + refusal.why())
        .collect(Collectors.joining("\n"));
  }

  @ParameterizedTest
  @MethodSource("io.moesaic.tensor.TestModels#goldens")
  void whatIsHereIsServedAndAsLargeAsPlanned(Path model) {
    var inspection = inspect(model);
    assertEquals("", reasons(inspection));
    assertEquals(List.of(), inspection.notes());

    var stored = inspection.weights().orElseThrow();
    var planned = inspect(model.resolve("config.json")).weights().orElseThrow();
    assertFalse(stored.planned());
    assertTrue(planned.planned());
    assertEquals(planned.bytes(), stored.bytes());
    assertEquals(planned.routerBytes(), stored.routerBytes());
    assertEquals(planned.bytesPerExpert(), stored.bytesPerExpert());
  }

  @Test
  void anEncoderDecoderNeedsATokenThatTextsBeginWith() throws IOException {
    var model = changed("switch_transformers", config -> config.remove("decoder_start_token_id"));
    Files.delete(model.resolve("generation_config.json"));
    var reasons = reasons(inspect(model));
    assertTrue(reasons.startsWith("tokens: "), reasons);
    assertTrue(reasons.contains("\"decoder_start_token_id\" is absent"), reasons);
  }

  @Test
  void theFullestNodeIsPlannedFor() {
    var inspection = Models.inspect(Models.golden("mixtral"), 1, 3, 16, 17, 99);
    assertEquals(
        List.of(
            new NodeShare(1, 16, 16, 16 * EXPERT_BYTES),
            new NodeShare(3, 5, 6, 6 * EXPERT_BYTES),
            new NodeShare(16, 1, 1, EXPERT_BYTES)),
        inspection.nodes());
    assertEquals(
        List.of("no plan for 17, 99 expert nodes: a model with 16 experts has at most 16 nodes"),
        inspection.notes());
  }

  @Test
  void policiesAreWrittenAsARouterReadsThem() {
    var json = InspectionJson.of(inspect(Models.golden("mixtral")));
    assertEquals(new SoftmaxTopK(2, true, 1), PolicyJson.parse(json.get("policy").toString()));
    assertEquals(2, json.get("experts_per_token").asInt());

    var tight = InspectionJson.of(inspect(Models.golden("switch_transformers_tight")));
    var capacity = CapacityJson.parse(tight.get("capacity").toString());
    assertEquals(3, capacity.rule().minimum());
  }

  @Test
  void aTokenKeepsAKeyAndAValueInEveryLayer() {
    // 2 layers, 2 key-value heads, keys and values of 8, the latter in whole panels of 64
    assertEquals(
        2 * 2 * (8 + 64) * 4,
        inspect(Models.golden("mixtral")).kept().orElseThrow().bytesPerToken());
    // a latent of 512 and a turned key of 64 for all heads
    var latent = inspect(Models.published("deepseek-v3"));
    assertEquals(61 * (512 + 64) * 4, latent.kept().orElseThrow().bytesPerToken());
  }

  @Test
  void aTokenizerIsCountedWithoutBeingOpened() {
    var tokenizer = inspect(Models.golden("mixtral")).tokenizer().orElseThrow();
    assertEquals(128, tokenizer.vocabulary());
    assertFalse(tokenizer.chatTemplate());
  }

  @Test
  void aFamilyThatIsNotKnownIsNamedAndNothingIsMadeUp() throws IOException {
    var inspection = inspect(changed("mixtral", config -> config.put("model_type", "phimoe")));
    assertFalse(inspection.served());
    assertEquals(1, inspection.refusals().size(), reasons(inspection));
    assertTrue(reasons(inspection).startsWith("family: "), reasons(inspection));
    assertTrue(
        reasons(inspection).endsWith("\"model_type\" is \"phimoe\", must be one of " + families()),
        reasons(inspection));
    assertTrue(inspection.parameters().isEmpty());
    assertTrue(inspection.weights().isEmpty());
  }

  private static String families() {
    var names = ExpertBank.families();
    int last = names.size() - 1;
    return String.join(", ", names.subList(0, last)) + " or " + names.get(last);
  }

  @Test
  void aFamilyThatIsNearlyKnownIsSuggested() throws IOException {
    var inspection = inspect(changed("mixtral", config -> config.put("model_type", "qwen3moe")));
    assertTrue(reasons(inspection).endsWith(" (did you mean qwen3_moe?)"), reasons(inspection));
  }

  @Test
  void aDirectoryWithoutWeightsIsAPlanAndSaysSo() throws IOException {
    var model = changed("mixtral", _ -> {});
    Files.delete(model.resolve("model.safetensors"));
    var inspection = inspect(model);
    assertTrue(inspection.served(), reasons(inspection));
    assertTrue(inspection.notes().getFirst().startsWith("no weights here"), "and so in the JSON");
    assertTrue(
        InspectionText.lines(inspection).stream()
            .anyMatch(
                line -> line.matches("weights +none here, planned from config.json, f32: .*")),
        InspectionText.lines(inspection).toString());
  }

  @Test
  void anEncoderDecoderIsToldApart() {
    var inspection = inspect(Models.published("switch-base-8"));
    var lines = String.join("\n", InspectionText.lines(inspection));
    assertTrue(lines.contains("encoder 12, decoder 12, 12 with experts"), lines);
    assertTrue(lines.contains("completions only"), lines);
    var json = InspectionJson.of(inspection);
    assertEquals(24, json.get("architecture").get("layers").asInt());
    assertEquals(12, json.get("architecture").get("encoder_layers").asInt());
    assertTrue(json.get("completions_only").asBoolean());
    var decoder = InspectionJson.of(inspect(Models.golden("mixtral")));
    assertEquals(0, decoder.get("architecture").get("encoder_layers").asInt());
    assertFalse(decoder.get("completions_only").asBoolean());
  }

  @Test
  void aVariantThatIsNotServedIsCountedAllTheSame() throws IOException {
    var model = changed("mixtral", config -> config.put("partial_rotary_factor", 0.5));
    var inspection = inspect(model);
    assertTrue(
        reasons(inspection).contains("trunk: ")
            && reasons(inspection).contains("\"partial_rotary_factor\""),
        reasons(inspection));
    assertEquals(inspect(Models.golden("mixtral")).parameters(), inspection.parameters());
  }

  @Test
  void aWayOfRoutingThatIsNotKnownIsNamed() throws IOException {
    var model = changed("deepseek_v2", config -> config.put("topk_method", "sparsemixer"));
    assertTrue(reasons(inspect(model)).contains("routing: "), reasons(inspect(model)));
  }

  @Test
  void aQuantizationThatIsNotServedIsNamed() throws IOException {
    var model =
        changed(
            "mixtral",
            config -> config.putObject("quantization_config").put("quant_method", "awq"));
    assertTrue(
        reasons(inspect(model)).contains("\"quantization_config.quant_method\" is \"awq\""),
        reasons(inspect(model)));
  }

  @Test
  void weightsOfAnotherShapeAreNamed() throws IOException {
    var model = changed("mixtral", config -> config.put("vocab_size", 64));
    assertTrue(
        reasons(inspect(model))
            .contains(
                "\"model.embed_tokens.weight\" is [128, 32], but config.json makes it [64, 32]"),
        reasons(inspect(model)));
  }

  @Test
  void weightsThatAreMissingAreNamed() throws IOException {
    var model = changed("qwen2_moe", config -> config.put("num_hidden_layers", 3));
    assertTrue(
        reasons(inspect(model)).contains("has no model.layers.2.input_layernorm.weight"),
        reasons(inspect(model)));
  }

  @Test
  void weightsThatNobodyWouldUseAreNoModelOfThisKind() throws IOException {
    var biased = changed("qwen2_moe", config -> config.put("qkv_bias", false));
    assertTrue(
        reasons(inspect(biased)).contains("which Moesaic does not compute with"),
        reasons(inspect(biased)));
  }

  @Test
  void layersPastTheLastAreLeftOutAndTold() throws IOException {
    var model = changed("mixtral", config -> config.put("num_hidden_layers", 1));
    var inspection = inspect(model);
    assertTrue(inspection.served(), reasons(inspection));
    assertTrue(inspection.notes().getFirst().contains("layers past the last"));
    assertTrue(
        inspection.parameters().orElseThrow().total()
            < inspect(Models.golden("mixtral")).parameters().orElseThrow().total());
  }

  @Test
  void aModelWithoutATokenizerIsRefused() throws IOException {
    var model = changed("mixtral", _ -> {});
    Files.delete(model.resolve("tokenizer.json"));
    assertTrue(reasons(inspect(model)).contains("tokenizer: "), reasons(inspect(model)));
  }

  @Test
  void aFileThatIsMissingFromTheIndexIsNamed() throws IOException {
    var model = changed("mixtral_sharded_bf16", _ -> {});
    Files.delete(model.resolve("model-00002-of-00004.safetensors"));
    var inspection = inspect(model);
    assertTrue(reasons(inspection).contains("model-00002-of-00004"), reasons(inspection));
    assertTrue(inspection.weights().orElseThrow().planned(), "what can be planned still is");
  }

  @Test
  void aDirectoryWithoutAConfigurationIsNoModel() {
    assertThrows(CheckpointException.class, () -> inspect(directory));
    assertThrows(CheckpointException.class, () -> inspect(directory.resolve("nowhere")));
  }
}
