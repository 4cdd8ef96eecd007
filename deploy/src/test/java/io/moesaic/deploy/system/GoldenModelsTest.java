package io.moesaic.deploy.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moesaic.deploy.dev.ClusterProgress;
import io.moesaic.deploy.dev.ClusterSpec;
import io.moesaic.deploy.dev.ExpertHost;
import io.moesaic.deploy.verify.Verification;
import io.moesaic.deploy.verify.VerificationReport;
import io.moesaic.tensor.DType;
import io.moesaic.tensor.TestModels;
import io.moesaic.tensor.checkpoint.Checkpoint;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Every golden model on expert nodes, against what Hugging Face transformers compute from it.
@Timeout(240)
class GoldenModelsTest {
  private static final double TOLERANCE = 1e-4;

  /// Two prompts, each continued by 12 tokens.
  private static final int GREEDY_TOKENS = 24;

  static Stream<Arguments> modelsOnNodes() {
    return TestModels.goldens().stream()
        .flatMap(model -> Stream.of(1, 3).map(nodes -> Arguments.of(model, nodes)));
  }

  @ParameterizedTest(name = "{0}, {1} nodes")
  @MethodSource("modelsOnNodes")
  void agreesWithTheReference(Path model, int nodes) throws Exception {
    var report = verify(model, nodes, model);
    assertTrue(report.passed(), report.toString());
    assertEquals(rotaries(model).getLast(), report.rotary(), report.toString());
    assertTrue(report.logitsError() <= TOLERANCE, report.toString());
    assertEquals(0, report.greedyDiffering(), report.toString());
    assertEquals(GREEDY_TOKENS, report.greedyTokens(), report.toString());
    assertFalse(report.layers().isEmpty(), report.toString());
    for (var layer : report.layers()) {
      assertEquals(0, layer.choicesDiffering().orElseThrow(), report.toString());
      assertTrue(layer.outputError().orElseThrow() <= TOLERANCE, report.toString());
    }
  }

  private static VerificationReport verify(Path model, int nodes, Path reference)
      throws InterruptedException {
    var spec = ClusterSpec.of(model).withExperts(nodes).withExpertHost(ExpertHost.IN_PROCESS);
    return new Verification(spec, reference.resolve("expected.safetensors"), TOLERANCE)
        .run(rotaries(model), ClusterProgress.SILENT);
  }

  /// What to try. The bfloat16 reference was cast as a whole, so its rotary frequencies were too.
  private static List<DType> rotaries(Path model) {
    return model.equals(TestModels.shardedBf16())
        ? List.of(DType.F32, DType.BF16)
        : List.of(DType.F32);
  }

  /// So the agreement above means that exactly those tokens are dropped that the reference drops.
  @Test
  void whoDropsNothingDiffersByWhatTheTightModelsMasksDrop() throws Exception {
    var tight = TestModels.switchTransformersTight();
    long dropped = dropped(tight, 0);
    assertTrue(dropped > 0, "the masks drop nothing");
    assertEquals(0, dropped(TestModels.switchTransformers(), 0));
    // The same weights, and room for all.
    var report = verify(TestModels.switchTransformers(), 1, tight);
    assertFalse(report.passed(), report.toString());
    assertEquals(
        dropped, report.layers().getFirst().choicesDiffering().orElseThrow(), report.toString());
  }

  /// Tokens that no expert takes, by a reference's mask of the layer.
  private static long dropped(Path model, int layer) {
    try (var expected = Checkpoint.openFile(model.resolve("expected.safetensors"));
        var arena = Arena.ofConfined()) {
      var mask = expected.map("topk_index." + layer, arena);
      long taken = 0;
      for (long i = 0; i < mask.shape().elements(); i++) {
        taken += mask.getLong(i);
      }
      return mask.shape().dim(0) - taken;
    }
  }
}
