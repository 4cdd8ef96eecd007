package io.moesaic.deploy.inspect;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moesaic.tensor.Shape;
import io.moesaic.tensor.checkpoint.Checkpoint;
import io.moesaic.tensor.checkpoint.ModelConfig;
import io.moesaic.tensor.ffn.ExpertBank;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class InventoryTest {
  @ParameterizedTest
  @MethodSource("io.moesaic.tensor.TestModels#goldens")
  void configurationsTellEveryTensorThatTransformersWrites(Path model) {
    var config = ModelConfig.read(model);
    try (var checkpoint = Checkpoint.open(model)) {
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
      assertEquals(elements, Models.inspect(model, 1).parameters().orElseThrow().total());
    }
  }
}
