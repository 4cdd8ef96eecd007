package io.moesaic.deploy.inspect;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moesaic.deploy.inspect.Inspection.Parameters;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Totals, active parameters and sizes beside what the models' authors publish.
class PublishedModelsTest {
  private static final double TOLERANCE = 0.01;

  private static Inspection inspect(String model) {
    return Models.inspect(Models.published(model), 1, 2, 4, 8);
  }

  private static Parameters parameters(String model) {
    return inspect(model).parameters().orElseThrow();
  }

  @ParameterizedTest
  @CsvSource({
    "mixtral-8x7b, 46.7e9",
    "mixtral-8x22b, 140.6e9",
    "switch-base-8, 0.62e9",
    "olmoe-1b-7b, 6.92e9",
    "qwen1.5-moe-a2.7b, 14.3e9",
    "qwen3-30b-a3b, 30.5e9",
    "gpt-oss-20b, 20.9e9",
    "gpt-oss-120b, 116.8e9",
    "deepseek-v2, 236e9",
    "deepseek-v3, 671e9"
  })
  void allParametersAreThoseThatArePublished(String model, double published) {
    assertEquals(published, (double) parameters(model).total(), TOLERANCE * published);
  }

  @ParameterizedTest
  @CsvSource({
    "mixtral-8x7b, 12.9e9",
    "mixtral-8x22b, 39.1e9",
    "olmoe-1b-7b, 1.28e9",
    "qwen1.5-moe-a2.7b, 2.7e9"
  })
  void someAuthorsCountTheEmbeddingsAsActive(String model, double published) {
    assertEquals(published, (double) parameters(model).active(), TOLERANCE * published);
  }

  @ParameterizedTest
  @CsvSource({
    "gpt-oss-20b, 3.61e9",
    "gpt-oss-120b, 5.13e9",
    "deepseek-v2, 21e9",
    // 37 billion in the report, 36.7 in the notes on its weights
    "deepseek-v3, 36.7e9"
  })
  void othersDoNot(String model, double published) {
    assertEquals(
        published, (double) parameters(model).activeWithoutEmbeddings(), TOLERANCE * published);
  }

  /// Published as 3.3 billion, which are 3.353 cut off.
  @ParameterizedTest
  @CsvSource("qwen3-30b-a3b, 33")
  void oneCutsDecimalsOff(String model, long tenthsOfBillions) {
    assertEquals(tenthsOfBillions, parameters(model).active() / 100_000_000);
  }

  /// In GiB, as the model card has them.
  @ParameterizedTest
  @CsvSource({"gpt-oss-20b, 12.8", "gpt-oss-120b, 60.8"})
  void plansKnowHowLargeQuantizedCheckpointsAre(String model, double published) {
    double gib = inspect(model).weights().orElseThrow().bytes() / (double) (1L << 30);
    assertEquals(published, gib, TOLERANCE * published);
  }

  @ParameterizedTest
  @CsvSource({
    "mixtral-8x7b",
    "mixtral-8x22b",
    "switch-base-8",
    "olmoe-1b-7b",
    "qwen1.5-moe-a2.7b",
    "qwen3-30b-a3b",
    "gpt-oss-20b",
    "gpt-oss-120b",
    "deepseek-v2",
    "deepseek-v3"
  })
  void theyAreServed(String model) {
    assertEquals(List.of(), inspect(model).refusals());
  }
}
