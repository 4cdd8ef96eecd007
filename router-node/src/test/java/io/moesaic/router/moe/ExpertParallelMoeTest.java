package io.moesaic.router.moe;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moesaic.router.dispatch.ExpertRouter;
import io.moesaic.router.dispatch.ScriptedExpertNode;
import io.moesaic.router.trunk.RowFailures;
import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.TestModels;
import io.moesaic.tensor.ffn.ExpertId;
import io.moesaic.tensor.kernel.Randoms;
import io.moesaic.wire.WireType;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.function.IntFunction;
import java.util.function.Predicate;
import org.junit.jupiter.api.Test;

/// The promise at its core: a block computed by any number of nodes, wherever its experts are, has
/// the bits of the same block in one process.
class ExpertParallelMoeTest {
  private static final Duration TIMEOUT = Duration.ofSeconds(30);

  private final Randoms random = new Randoms(Arena.ofAuto());

  @Test
  void anyNumberOfNodesGivesTheBitsOfOneProcess() throws Exception {
    for (var wire : WireType.values()) {
      for (int nodes : new int[] {1, 2, 3, 5}) {
        assertSameAsReference(
            TestModels.mixtral(), wire, nodes, n -> id -> (id.layer() + id.expert()) % nodes == n);
      }
    }
  }

  @Test
  void aCheckpointOfBfloat16GivesTheBitsOfOneProcess() throws Exception {
    for (var wire : WireType.values()) {
      assertSameAsReference(TestModels.shardedBf16(), wire, 2, n -> id -> id.expert() % 2 == n);
    }
  }

  @Test
  void whereExpertsAreDoesNotMatter() throws Exception {
    for (int round = 0; round < 3; round++) {
      // The last node has everything; the others take some of it from it.
      int salt = random.between(1, 1000);
      assertSameAsReference(
          TestModels.mixtral(),
          WireType.F32,
          3,
          n -> id -> n == 2 || (31 * id.layer() + 7 * id.expert() + salt) % 5 == n);
    }
  }

  private void assertSameAsReference(
      Path model, WireType wire, int count, IntFunction<Predicate<ExpertId>> hosts)
      throws Exception {
    var what = model.getFileName() + ", " + wire + ", " + count + " nodes, " + random.seed();
    List<ScriptedExpertNode> nodes = new ArrayList<>();
    for (int n = 0; n < count; n++) {
      nodes.add(new ScriptedExpertNode("node-" + n, model, hosts.apply(n)));
    }
    var addresses = nodes.stream().map(ScriptedExpertNode::address).toList();
    try (var reference = new ReferenceMoe(model, wire, MoeObserver.NONE);
        var router = new ExpertRouter(model, wire, TIMEOUT, addresses)) {
      router.awaitComplete();
      for (int rows : new int[] {1, 2, 5, 16, 33}) {
        for (int layer = 0; layer < 2; layer++) {
          var hidden = random.matrix(rows, 32);
          var expected = Matrix.allocate(rows, 32);
          reference.forward(layer, hidden, expected, new RowFailures(rows));
          var result = router.forward(layer, hidden);
          assertTrue(result.complete(), () -> what + ": " + result.failures().reason(0));
          assertSameBits(expected, result.output(), what);
        }
      }
    } finally {
      for (var node : nodes) {
        node.close();
      }
    }
  }

  static void assertSameBits(Matrix expected, Matrix actual, String what) {
    for (int row = 0; row < expected.rows(); row++) {
      for (int i = 0; i < expected.cols(); i++) {
        assertEquals(
            Float.floatToRawIntBits(expected.get(row, i)),
            Float.floatToRawIntBits(actual.get(row, i)),
            what);
      }
    }
  }

  @Test
  void aBlockOfNoRowsNeedsNobody() {
    try (var router = new ExpertRouter(TestModels.mixtral(), WireType.F32, TIMEOUT, List.of())) {
      assertTrue(router.forward(0, Matrix.allocate(0, 32)).complete());
    }
  }
}
