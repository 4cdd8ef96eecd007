package io.moesaic.deploy.system;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moesaic.deploy.system.Listener.Told;
import io.moesaic.router.capacity.StepRows;
import io.moesaic.router.engine.MoeBlocks;
import io.moesaic.router.trunk.MoeLayer;
import io.moesaic.tensor.TestModels;
import io.moesaic.tensor.ffn.QuantizedModels;
import io.moesaic.tensor.ffn.QuantizedModels.Twins;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Same prompt, same bytes, for every family of models: token ids and logprobs are equal on any
/// number of expert nodes, alone and together, and so are those of quantized weights and of the
/// numbers that they stand for.
@Timeout(240)
class FamilyBytesTest {
  private static final List<Integer> EXPERT_NODES = List.of(1, 2, 3, 5);

  @TempDir private static Path directory = Path.of(".");
  private static List<Twins> twins = List.of();

  @BeforeAll
  static void quantize() throws IOException {
    twins = List.of(QuantizedModels.mxfp4(directory), QuantizedModels.fp8(directory));
  }

  static Stream<Twins> twins() {
    return twins.stream();
  }

  static Stream<Path> models() {
    return Stream.concat(TestModels.goldens().stream(), twins().map(Twins::quantized));
  }

  /// A model's own blocks, watched.
  ///
  /// @param most sequences of a step so far
  private record Watched(MoeBlocks blocks, AtomicLong most) implements MoeBlocks {
    @Override
    public MoeLayer step(StepRows rows) {
      // Each request has a seed of its own.
      long sequences = Arrays.stream(rows.tokens().seeds()).distinct().count();
      most.accumulateAndGet(sequences, Math::max);
      return blocks.step(rows);
    }
  }

  @ParameterizedTest
  @MethodSource("models")
  void onAnyNumberOfNodesAloneAndTogether(Path model) throws Exception {
    var expected = told(model, EXPERT_NODES.getFirst());
    for (int nodes : EXPERT_NODES.subList(1, EXPERT_NODES.size())) {
      assertSame(expected, told(model, nodes), "%s on %d nodes".formatted(model, nodes));
    }
    assertAllDiffer(expected);
    long dropped = expected.stream().mapToLong(told -> told.totals().dropped()).sum();
    assertEquals(isSwitch(model), dropped > 0, model + " dropped " + dropped);
  }

  @ParameterizedTest
  @MethodSource("twins")
  void ofQuantizedWeightsAndOfTheNumbersThatTheyStandFor(Twins models) throws Exception {
    // On more nodes the quantized one gives the same, as the test above shows.
    assertSame(told(models.widened(), 1), told(models.quantized(), 1), models.toString());
  }

  private static boolean isSwitch(Path model) {
    return model.getFileName().toString().startsWith("switch");
  }

  /// What all requests are told, which is the same alone and together.
  private static List<Told> told(Path model, int nodes) throws Exception {
    var requests = FamilyRequests.all().stream().map(List::of).toList();
    var most = new AtomicLong();
    try (var cluster = InProcessCluster.start(model, nodes);
        var engine =
            cluster.engine(new Watched(cluster.model(), most), cluster.model().capacity())) {
      var alone = InProcessCluster.alone(engine, requests);
      assertEquals(1, most.get(), "sequences of a step");
      var together = InProcessCluster.together(engine, requests);
      assertTrue(most.get() > 1, "no step had several sequences");
      assertSame(alone, together, "%s on %d nodes, together".formatted(model, nodes));
      return alone;
    }
  }

  private static void assertSame(List<Told> expected, List<Told> actual, String what) {
    for (int i = 0; i < expected.size(); i++) {
      assertEquals(
          expected.get(i),
          actual.get(i),
          "%s, request %d, seed %d".formatted(what, i, FamilyRequests.SEED));
    }
    assertEquals(expected.size(), actual.size());
  }

  /// So the comparisons can fail: no two requests are told the same, the last two differ by their
  /// seeds alone.
  private static void assertAllDiffer(List<Told> told) {
    assertEquals(told.size(), told.stream().map(Told::text).distinct().count(), told.toString());
  }
}
