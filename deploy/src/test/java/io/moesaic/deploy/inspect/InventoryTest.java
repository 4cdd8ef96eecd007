package io.moesaic.deploy.inspect;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moesaic.tensor.Shape;
import io.moesaic.tensor.checkpoint.Checkpoint;
import io.moesaic.tensor.checkpoint.ModelConfig;
import io.moesaic.tensor.ffn.ExpertBank;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class InventoryTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "deepseek_v2",
        "deepseek_v3",
        "gpt_oss",
        "granitemoe",
        "mixtral",
        "mixtral_sharded_bf16",
        "olmoe",
        "qwen2_moe",
        "qwen3_moe",
        "switch_transformers",
        "switch_transformers_tight"
      })
  void configurationsTellEveryTensorThatTransformersWrites(String family) {
    var config = ModelConfig.read(Models.golden(family));
    try (var checkpoint = Checkpoint.open(Models.golden(family))) {
      Map<String, Shape> written = new TreeMap<>();
      checkpoint.names().forEach(name -> written.put(name, checkpoint.info(name).shape()));

      var inventory = Inventory.of(config, ExpertBank.of(config), checkpoint::has);
      Map<String, Shape> told = new TreeMap<>();
      inventory.entries().forEach(entry -> told.put(entry.name(), entry.shape()));
      assertEquals(written, told);

      long elements = written.values().stream().mapToLong(Shape::elements).sum();
      var headers = Headers.of(checkpoint, inventory);
      assertEquals(elements, headers.parameters());
      assertEquals(List.of(), headers.problems());
      assertEquals(
          elements, Models.inspect(Models.golden(family), 1).parameters().orElseThrow().total());
    }
  }
}
