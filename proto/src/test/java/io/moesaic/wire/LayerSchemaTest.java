package io.moesaic.wire;

import static io.moesaic.wire.TokenSchemaTest.FLOAT;
import static io.moesaic.wire.TokenSchemaTest.INT32;
import static io.moesaic.wire.TokenSchemaTest.UINT16;
import static io.moesaic.wire.TokenSchemaTest.encode;
import static io.moesaic.wire.TokenSchemaTest.list;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moesaic.tensor.DType;
import io.moesaic.tensor.Refused;
import io.moesaic.wire.LayerSchema.Mode;
import java.util.List;
import java.util.Map;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.Schema;
import org.junit.jupiter.api.Test;

class LayerSchemaTest {
  private static final ArrowType HALF = new ArrowType.FloatingPoint(FloatingPointPrecision.HALF);
  private static final Field HIDDEN = list("hidden", 9, FLOAT, Map.of());
  private static final Field EXPERT = list("expert", 2, INT32, Map.of());
  private static final Field WEIGHT = list("weight", 2, FLOAT, Map.of());

  private static byte[] message(String mode, Field... fields) {
    return encode(new Schema(List.of(fields), Map.of("x", "y", "moesaic.mode", mode)));
  }

  private static String refusal(String mode, Field... fields) {
    return Refused.with(WireException.class, () -> LayerSchema.decode(message(mode, fields)));
  }

  @Test
  void readsWhatItWrites() throws WireException {
    for (var type : LayerSchema.ACTIVATIONS) {
      var moe = new LayerSchema(Mode.MOE, type, 77, 0);
      assertEquals(moe, LayerSchema.decode(moe.encode()));
      var experts = new LayerSchema(Mode.EXPERTS, type, 5, 4096);
      assertEquals(experts, LayerSchema.decode(experts.encode()));
    }
  }

  @Test
  void weReadArrowsSchema() throws WireException {
    assertEquals(
        new LayerSchema(Mode.EXPERTS, DType.F32, 9, 2),
        LayerSchema.decode(message("experts", HIDDEN, EXPERT, WEIGHT)));
    assertEquals(
        new LayerSchema(Mode.MOE, DType.F16, 3, 0),
        LayerSchema.decode(message("moe", list("hidden", 3, HALF, Map.of()))));
    assertEquals(
        new LayerSchema(Mode.MOE, DType.BF16, 3, 0),
        LayerSchema.decode(
            message("moe", list("hidden", 3, UINT16, Map.of("moesaic.dtype", "bf16")))));
  }

  @Test
  void arrowReadsOurSchema() {
    var schema = new LayerSchema(Mode.EXPERTS, DType.F16, 6, 2).toArrow();
    assertEquals(Map.of("moesaic.mode", "experts"), schema.getCustomMetadata());
    assertEquals(
        List.of("hidden", "expert", "weight"),
        schema.getFields().stream().map(Field::getName).toList());
    assertEquals(HALF, schema.findField("hidden").getChildren().getFirst().getType());
    assertEquals(new ArrowType.FixedSizeList(2), schema.findField("weight").getType());
  }

  @Test
  void namesTheColumnAtFault() {
    assertEquals(
        "schema.metadata: moesaic.mode is missing, must be experts or moe",
        Refused.with(
            WireException.class, () -> LayerSchema.decode(encode(new Schema(List.of(HIDDEN))))));
    assertEquals(
        "schema.metadata: moesaic.mode is \"dense\", must be experts or moe",
        refusal("dense", HIDDEN));
    assertEquals("schema: has 2 columns, must have 1: \"hidden\"", refusal("moe", HIDDEN, EXPERT));
    assertEquals(
        "schema: has 1 columns, must have 3: \"hidden\", \"expert\" and \"weight\"",
        refusal("experts", HIDDEN));
    assertEquals(
        "schema.hidden: items must be float32, float16, or uint16 with the field metadata"
            + " moesaic.dtype=bf16",
        refusal("moe", list("hidden", 9, INT32, Map.of())));
    assertEquals(
        "schema.weight: items must be float32",
        refusal("experts", HIDDEN, EXPERT, list("weight", 2, HALF, Map.of())));
    assertEquals(
        "schema.weight: has lists of 3 items, must have 2 as \"expert\"",
        refusal("experts", HIDDEN, EXPERT, list("weight", 3, FLOAT, Map.of())));
    assertEquals(
        "schema.expert: has lists of 4097 items, must be from 1 to 4096",
        refusal("experts", HIDDEN, list("expert", 4097, INT32, Map.of()), WEIGHT));
  }
}
