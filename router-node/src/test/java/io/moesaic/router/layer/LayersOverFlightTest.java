package io.moesaic.router.layer;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moesaic.router.gate.Choices;
import io.moesaic.router.layer.Rows.Columns;
import io.moesaic.router.moe.ReferenceMoe;
import io.moesaic.router.trunk.RowFailures;
import io.moesaic.tensor.DType;
import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.TestModels;
import io.moesaic.tensor.ffn.ExpertId;
import io.moesaic.tensor.kernel.Randoms;
import io.moesaic.wire.LayerSchema;
import io.moesaic.wire.WireType;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// A layer asked for by Arrow's own client has the bits of the same layer in one process, whoever
/// is its gate.
class LayersOverFlightTest {
  private static final int HIDDEN = 32;
  private static final int EXPERTS = 8;

  private final Randoms random = new Randoms(Arena.ofAuto());
  private final LayerCluster cluster;
  private final LayerClient client;

  LayersOverFlightTest() throws Exception {
    cluster = LayerCluster.of(TestModels.mixtral());
    client = cluster.client();
  }

  @AfterEach
  void close() {
    client.close();
    cluster.close();
  }

  /// What the reference makes of rows: the output, and whom its gate chose.
  private record Expected(Matrix output, Choices choices) {}

  private static Expected reference(int layer, Matrix hidden) {
    var output = Matrix.allocate(hidden.rows(), HIDDEN);
    List<Choices> seen = new ArrayList<>();
    try (var reference =
        new ReferenceMoe(
            TestModels.mixtral(), WireType.F32, (_, _, choices, _) -> seen.add(choices))) {
      reference.forward(layer, hidden, output, new RowFailures(hidden.rows()));
    }
    return new Expected(output, seen.getFirst());
  }

  private void assertSame(float[] expected, float[] actual) {
    assertArrayEquals(bits(expected), bits(actual), random.seed());
  }

  private static int[] bits(float[] values) {
    var bits = new int[values.length];
    Arrays.setAll(bits, i -> Float.floatToRawIntBits(values[i]));
    return bits;
  }

  @Test
  void theLayersOwnGateGivesTheBitsOfOneProcess() {
    for (int layer = 0; layer < 2; layer++) {
      try (var exchange = client.open(layer, Columns.moe(DType.F32, HIDDEN))) {
        for (int rows : new int[] {1, 7, 33}) {
          var hidden = random.matrix(rows, HIDDEN);
          var reply = exchange.ask(Rows.of(hidden), "");
          assertSame(Rows.values(reference(layer, hidden).output), reply.values());
          assertEquals(
              "{\"offered\":%d,\"accepted\":%d,\"dropped\":0,\"rerouted\":0}"
                  .formatted(2 * rows, 2 * rows),
              reply.metadata().toString());
        }
      }
    }
  }

  @Test
  void aGateElsewhereGivesTheSameBits() {
    var hidden = random.matrix(12, HIDDEN);
    var expected = reference(1, hidden);
    try (var exchange = client.open(1, Columns.experts(HIDDEN, 2))) {
      var reply =
          exchange.ask(
              Rows.of(hidden, expected.choices), "{\"request_id\": \"a\", \"return_kept\": true}");
      assertSame(Rows.values(expected.output), reply.values());
      assertEquals("a", reply.metadata().path("request_id").asText());
      for (int row = 0; row < 12; row++) {
        assertEquals(
            "[%d,%d]".formatted(expected.choices.expert(row, 0), expected.choices.expert(row, 1)),
            reply.metadata().path("kept").path(row).toString());
      }
    }
  }

  @Test
  void activationsMayBeHalvesOrBfloat16() {
    for (var type : LayerSchema.ACTIVATIONS) {
      var hidden = Rows.rounded(type, random.matrix(9, HIDDEN));
      var expected = Rows.rounded(type, reference(0, hidden).output);
      try (var exchange = client.open(0, Columns.moe(type, HIDDEN))) {
        assertSame(Rows.values(expected), exchange.ask(Rows.of(hidden), "").values());
      }
    }
  }

  @Test
  void aRowMayHaveMoreExpertsThanTheModelGivesItAndFewer() {
    var hidden = random.matrix(3, HIDDEN);
    int[] experts = {
      7, 3, 0, 5, 1,
      2, -1, -1, 6, -1,
      -1, -1, -1, -1, -1
    };
    var weights = random.floats(15);
    weights[6] = Float.NaN; // of no expert, so nobody looks at it
    try (var reference = new ReferenceMoe(TestModels.mixtral(), WireType.F32, (_, _, _, _) -> {});
        var exchange = client.open(0, Columns.experts(HIDDEN, 5))) {
      var sums = new float[3 * HIDDEN];
      for (int at = 0; at < experts.length; at++) {
        if (experts[at] >= 0) {
          int row = at / 5;
          var x = Arrays.copyOfRange(Rows.values(hidden), row * HIDDEN, (row + 1) * HIDDEN);
          var y = reference.expert(new ExpertId(0, experts[at]), x);
          for (int i = 0; i < HIDDEN; i++) {
            sums[row * HIDDEN + i] = Math.fma(weights[at], y[i], sums[row * HIDDEN + i]);
          }
        }
      }
      var reply = exchange.ask(new Rows(hidden, experts, weights), "{\"return_kept\": true}");
      assertSame(sums, reply.values());
      assertEquals("[[7,3,0,5,1],[2,6],[]]", reply.metadata().path("kept").toString());
    }
  }

  @Test
  void aPolicyOfTheRequestTakesThePlaceOfTheModels() {
    var hidden = random.matrix(5, HIDDEN);
    try (var exchange = client.open(0, Columns.moe(DType.F32, HIDDEN))) {
      var reply =
          exchange.ask(
              Rows.of(hidden), "{\"policy\": {\"type\": \"switch_top_1\"}, \"return_kept\": true}");
      var expected = reference(0, hidden).choices;
      for (int row = 0; row < 5; row++) {
        assertEquals(
            "[" + expected.expert(row, 0) + "]",
            reply.metadata().path("kept").path(row).toString());
      }
      var dense = exchange.ask(Rows.of(hidden), "{\"policy\": {\"type\": \"dense\"}}").metadata();
      assertEquals(5 * EXPERTS, dense.path("accepted").asInt());
    }
  }

  /// Whom a capacity by position keeps, in plain loops.
  private static String kept(Choices choices, int capacity) {
    var load = new int[EXPERTS];
    List<List<Integer>> kept = new ArrayList<>();
    for (int row = 0; row < choices.rows(); row++) {
      List<Integer> ofRow = new ArrayList<>();
      for (int rank = 0; rank < choices.ranks(); rank++) {
        if (load[choices.expert(row, rank)]++ < capacity) {
          ofRow.add(choices.expert(row, rank));
        }
      }
      kept.add(ofRow);
    }
    return kept.toString().replace(" ", "");
  }

  @Test
  void aCapacityDropsTheSameChoicesWhoeverIsTheGate() {
    int rows = 24;
    var hidden = random.matrix(rows, HIDDEN);
    var choices = reference(1, hidden).choices;
    var expected = kept(choices, (int) Math.ceil(rows * 2.0 / EXPERTS * 0.5));
    var json =
        """
        {"capacity": {"factor": 0.5, "rule": "megatron", "priority": "position",
         "overflow": "drop", "renormalize": "never"}, "return_kept": true}\
        """;
    try (var gated = client.open(1, Columns.moe(DType.F32, HIDDEN));
        var given = client.open(1, Columns.experts(HIDDEN, 2))) {
      var byLayer = gated.ask(Rows.of(hidden), json);
      var byClient = given.ask(Rows.of(hidden, choices), json);
      assertEquals(expected, byLayer.metadata().path("kept").toString(), random.seed());
      assertEquals(expected, byClient.metadata().path("kept").toString(), random.seed());
      assertSame(byLayer.values(), byClient.values());
      var totals = byClient.metadata();
      assertEquals(2 * rows, totals.path("offered").asInt());
      assertTrue(totals.path("dropped").asInt() > 0, random.seed());
      assertEquals(2 * rows - totals.path("dropped").asInt(), totals.path("accepted").asInt());
    }
  }

  @Test
  void whatIsGivenIsReroutedToNobodyElse() {
    int rows = 40;
    var hidden = random.matrix(rows, HIDDEN);
    var choices = reference(0, hidden).choices;
    var json =
        "{\"capacity\": {\"factor\": 1, \"overflow\": \"next_choice\"}, \"return_kept\": true}";
    try (var gated = client.open(0, Columns.moe(DType.F32, HIDDEN));
        var given = client.open(0, Columns.experts(HIDDEN, 2))) {
      assertTrue(gated.ask(Rows.of(hidden), json).metadata().path("rerouted").asInt() > 0);
      var totals = given.ask(Rows.of(hidden, choices), json).metadata();
      assertEquals(0, totals.path("rerouted").asInt());
      assertTrue(totals.path("dropped").asInt() > 0, random.seed());
    }
  }

  @Test
  void aBatchMayHaveNoRows() {
    try (var gated = client.open(0, Columns.moe(DType.F32, HIDDEN));
        var given = client.open(0, Columns.experts(HIDDEN, 2))) {
      for (var json : List.of("", "{\"capacity\": {\"factor\": 1}, \"return_kept\": true}")) {
        assertEquals(0, gated.ask(Rows.of(Matrix.allocate(0, HIDDEN)), json).values().length);
        assertEquals(0, given.ask(Rows.of(Matrix.allocate(0, HIDDEN)), json).values().length);
      }
    }
  }

  @Test
  void manyBatchesMayBeUnderWayAndAreAnsweredInTheirOrder() {
    int batches = 100;
    List<Matrix> sent = new ArrayList<>();
    try (var exchange = client.open(0, Columns.moe(DType.F32, HIDDEN))) {
      for (int i = 0; i < batches; i++) {
        sent.add(random.matrix(1 + i % 5, HIDDEN));
        exchange.send(Rows.of(sent.getLast()), "{\"request_id\": " + i + "}");
      }
      exchange.halfClose();
      for (int i = 0; i < batches; i++) {
        var reply = exchange.reply();
        assertEquals(i, reply.metadata().path("request_id").asInt());
        assertSame(Rows.values(reference(0, sent.get(i)).output), reply.values());
      }
      assertTrue(exchange.isOver());
    }
    assertEquals(batches, cluster.service().counters().get(LayerCounter.BATCHES_ANSWERED));
    assertEquals(3L * batches, cluster.service().counters().get(LayerCounter.ROWS_ANSWERED));
  }
}
