package io.moesaic.router.layer;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moesaic.router.layer.Rows.Columns;
import io.moesaic.tensor.DType;
import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.TestModels;
import io.moesaic.tensor.kernel.Randoms;
import io.moesaic.wire.LayerSchema.Mode;
import java.lang.foreign.Arena;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What is wrong ends its own exchange, in words, and no other: a neighbour on the same connection
/// is asked after each refusal.
class RefusalsTest {
  private static final int HIDDEN = 32;
  private static final ArrowType FLOAT = new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE);
  private static final ArrowType DOUBLE =
      new ArrowType.FloatingPoint(FloatingPointPrecision.DOUBLE);
  private static final FlightDescriptor LAYER_0 = FlightDescriptor.path("tiny", "0");

  private final Randoms random = new Randoms(Arena.ofAuto());
  private final LayerCluster cluster;
  private final LayerClient client;
  private final LayerClient.Exchange neighbour;

  RefusalsTest() throws Exception {
    cluster = LayerCluster.of(TestModels.mixtral());
    client = cluster.client();
    neighbour = client.open(1, Columns.moe(DType.F32, HIDDEN));
  }

  @AfterEach
  void close() {
    neighbour.close();
    client.close();
    cluster.close();
  }

  private void assertNeighbourIsWell() {
    assertEquals(HIDDEN, neighbour.ask(rows(1), "").values().length);
  }

  private Rows rows(int count) {
    return Rows.of(random.matrix(count, HIDDEN));
  }

  private static Field list(String name, int width, ArrowType item) {
    return new Field(
        name,
        FieldType.notNullable(new ArrowType.FixedSizeList(width)),
        List.of(Field.notNullable("item", item)));
  }

  // ---- how a stream begins

  private String refusal(FlightDescriptor descriptor, Schema schema) {
    try (var exchange =
        client.open(descriptor, VectorSchemaRoot.create(schema, client.allocator()))) {
      var refusal = exchange.refusal();
      assertNeighbourIsWell();
      return refusal;
    }
  }

  private String refusal(FlightDescriptor descriptor) {
    return refusal(descriptor, Columns.moe(DType.F32, HIDDEN).schema());
  }

  private String refusal(Schema schema) {
    return refusal(LAYER_0, schema);
  }

  private static Schema schema(String mode, Field... fields) {
    return new Schema(List.of(fields), Map.of("moesaic.mode", mode));
  }

  @Test
  void aDescriptorMustNameALayerOfTheModel() {
    assertEquals(
        "NOT_FOUND flight_descriptor.path[0]: is \"large\", but this node serves model \"tiny\"",
        refusal(FlightDescriptor.path("large", "0")));
    for (var layer : List.of("2", "-1", "x", "", "00000")) {
      assertEquals(
          "NOT_FOUND flight_descriptor.path[1]: is \"" + layer + "\", must be a layer from 0 to 1",
          refusal(FlightDescriptor.path("tiny", layer)));
    }
    assertEquals(
        "INVALID_ARGUMENT flight_descriptor.path: has 1 elements, must be [MODEL, LAYER]",
        refusal(FlightDescriptor.path("tiny")));
    assertEquals(
        "INVALID_ARGUMENT flight_descriptor: must be a path: [MODEL, LAYER]",
        refusal(FlightDescriptor.command(new byte[] {1})));
  }

  @Test
  void aSchemaMustHaveTheColumnsOfItsMode() {
    var hidden = list("hidden", HIDDEN, FLOAT);
    assertEquals(
        "INVALID_ARGUMENT schema.metadata: moesaic.mode is missing, must be experts or moe",
        refusal(new Schema(List.of(hidden))));
    assertEquals(
        "INVALID_ARGUMENT schema.hidden: items must be float32, float16, or uint16 with the field"
            + " metadata moesaic.dtype=bf16",
        refusal(schema("moe", list("hidden", HIDDEN, DOUBLE))));
    assertEquals(
        "INVALID_ARGUMENT schema.hidden: has lists of 31 items, but activations of model \"tiny\""
            + " have 32",
        refusal(schema("moe", list("hidden", 31, FLOAT))));
    assertEquals(
        "INVALID_ARGUMENT schema: has 1 columns, must have 3: \"hidden\", \"expert\" and"
            + " \"weight\"",
        refusal(schema("experts", hidden)));
    assertEquals(
        "INVALID_ARGUMENT schema.expert: has lists of 9 items, but a layer has 8 experts",
        refusal(new Columns(Mode.EXPERTS, DType.F32, HIDDEN, 9).schema()));
  }

  // ---- batches

  private String refusal(Columns columns, Rows rows, String json) {
    try (var exchange = client.open(0, columns)) {
      exchange.send(rows, json);
      var refusal = exchange.refusal();
      assertNeighbourIsWell();
      return refusal;
    }
  }

  private String refusalOf(String json) {
    return refusal(Columns.moe(DType.F32, HIDDEN), rows(2), json);
  }

  private String refusalOfGiven(int[] experts, float... weights) {
    var hidden = random.matrix(experts.length / 2, HIDDEN);
    return refusal(Columns.experts(HIDDEN, 2), new Rows(hidden, experts, weights), "");
  }

  @Test
  void expertsMustBeOfTheLayerEachOnceWithAWeight() {
    assertEquals(
        "INVALID_ARGUMENT expert[1][0]: is 8, must be from 0 to 7, or -1 for none",
        refusalOfGiven(new int[] {0, 1, 8, 2}, 1, 1, 1, 1));
    assertEquals(
        "INVALID_ARGUMENT expert[0][1]: is -2, must be from 0 to 7, or -1 for none",
        refusalOfGiven(new int[] {0, -2}, 1, 1));
    assertEquals(
        "INVALID_ARGUMENT expert[1][1]: is 5, which the row names already",
        refusalOfGiven(new int[] {0, 1, 5, 5}, 1, 1, 1, 1));
    assertEquals(
        "INVALID_ARGUMENT weight[0][1]: is NaN, must be finite",
        refusalOfGiven(new int[] {0, 1}, 1, Float.NaN));
    assertEquals(
        "INVALID_ARGUMENT weight[0][0]: is -Infinity, must be finite",
        refusalOfGiven(new int[] {0, 1}, Float.NEGATIVE_INFINITY, 1));
  }

  @Test
  void whatTheGateCannotRouteIsNamedByItsRow() {
    var rows = rows(3);
    rows.hidden().set(1, 4, Float.NaN);
    assertEquals(
        "INVALID_ARGUMENT hidden[1]: the gate of layer 0 gives expert 0 the score NaN, must be a"
            + " finite number",
        refusal(Columns.moe(DType.F32, HIDDEN), rows, ""));
  }

  @Test
  void aBatchHasNoMoreRowsThanAPassTakes() {
    var rows = Rows.of(Matrix.allocate(513, HIDDEN));
    assertEquals(
        "INVALID_ARGUMENT data_header.length: is 513 rows, must be from 0 to 512",
        refusal(Columns.moe(DType.F32, HIDDEN), rows, ""));
    assertEquals(
        "INVALID_ARGUMENT data_header.length: is 513 rows, must be from 0 to 128",
        refusal(Columns.moe(DType.F32, HIDDEN), rows, "{\"policy\": {\"type\": \"dense\"}}"));
    var experts = new int[513 * 5];
    Arrays.fill(experts, -1);
    assertEquals(
        "INVALID_ARGUMENT data_header.length: is 513 rows, must be from 0 to 170",
        refusal(
            Columns.experts(HIDDEN, 5),
            new Rows(rows.hidden(), experts, new float[experts.length]),
            ""));
  }

  @Test
  void theMetadataMustBeAJsonObjectOfKnownFields() {
    assertEquals(
        "INVALID_ARGUMENT app_metadata: It is not JSON, or names a field twice, at line 1,"
            + " column 2",
        refusalOf("{x: 1"));
    assertEquals("INVALID_ARGUMENT app_metadata: It must be a JSON object", refusalOf("[1]"));
    assertEquals(
        "INVALID_ARGUMENT app_metadata: colour is not known here; known are capacity, policy,"
            + " request_id, return_kept, seed",
        refusalOf("{\"colour\": 1}"));
    assertEquals(
        "INVALID_ARGUMENT app_metadata: request_id is true but must be a string or an integer",
        refusalOf("{\"request_id\": true}"));
    assertEquals(
        "INVALID_ARGUMENT app_metadata: return_kept is 1 but must be true or false",
        refusalOf("{\"return_kept\": 1}"));
    assertEquals(
        "INVALID_ARGUMENT app_metadata: policy.temperature is not known here; known are k,"
            + " renormalize, scale, type",
        refusalOf("{\"policy\": {\"type\": \"softmax_top_k\", \"k\": 2, \"temperature\": 1}}"));
    assertEquals(
        "INVALID_ARGUMENT app_metadata: policy.k is 9, must be from 1 to the 8 experts of a layer",
        refusalOf("{\"policy\": {\"type\": \"top_k_softmax\", \"k\": 9}}"));
    assertEquals(
        "INVALID_ARGUMENT app_metadata: policy is hash, which needs the tokens' ids, and there are"
            + " only activations: choose another, or the experts yourself in mode experts",
        refusalOf("{\"policy\": {\"type\": \"hash\"}}"));
    assertEquals(
        "INVALID_ARGUMENT app_metadata: capacity.factor is missing, must be above 0, at most 1000",
        refusalOf("{\"capacity\": {}}"));
    assertEquals(
        "INVALID_ARGUMENT app_metadata: policy has no meaning in mode experts, where rows come with"
            + " their experts",
        refusal(
            Columns.experts(HIDDEN, 1),
            new Rows(random.matrix(1, HIDDEN), new int[] {0}, new float[] {1}),
            "{\"policy\": {\"type\": \"dense\"}}"));
  }

  @Test
  void whatCameBeforeARefusalIsAnswered() {
    try (var exchange = client.open(0, Columns.moe(DType.F32, HIDDEN))) {
      for (int i = 0; i < 5; i++) {
        exchange.send(rows(4), "{\"request_id\": " + i + "}");
      }
      exchange.send(rows(1), "?");
      exchange.send(rows(1), "");
      List<Integer> answered = new ArrayList<>();
      for (int i = 0; i < 5; i++) {
        answered.add(exchange.reply().metadata().path("request_id").asInt());
      }
      assertEquals(List.of(0, 1, 2, 3, 4), answered);
      assertEquals(
          "INVALID_ARGUMENT app_metadata: It is not JSON, or names a field twice, at line 1,"
              + " column 1",
          exchange.refusal());
    }
    assertNeighbourIsWell();
    var counts = cluster.service().counters();
    assertEquals(1, counts.get(LayerCounter.BATCHES_REFUSED_INVALID));
    assertEquals(6, counts.get(LayerCounter.BATCHES_ANSWERED));
  }
}
