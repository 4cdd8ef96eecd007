package io.moesaic.wire;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moesaic.tensor.Refused;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.Channels;
import java.util.List;
import java.util.Map;
import org.apache.arrow.vector.ipc.ReadChannel;
import org.apache.arrow.vector.ipc.message.IpcOption;
import org.apache.arrow.vector.ipc.message.MessageSerializer;
import org.apache.arrow.vector.types.FloatingPointPrecision;
import org.apache.arrow.vector.types.pojo.ArrowType;
import org.apache.arrow.vector.types.pojo.Field;
import org.apache.arrow.vector.types.pojo.FieldType;
import org.apache.arrow.vector.types.pojo.Schema;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// Our schemas against Arrow's own library, in both directions.
class TokenSchemaTest {
  static final ArrowType FLOAT = new ArrowType.FloatingPoint(FloatingPointPrecision.SINGLE);
  static final ArrowType UINT16 = new ArrowType.Int(16, false);
  static final ArrowType INT32 = new ArrowType.Int(32, true);

  static Field list(String name, int width, ArrowType item, Map<String, String> metadata) {
    return new Field(
        name,
        new FieldType(true, new ArrowType.FixedSizeList(width), null, metadata),
        List.of(Field.nullable("item", item)));
  }

  static byte[] encode(Schema schema) {
    var message = MessageSerializer.serializeMetadata(schema, IpcOption.DEFAULT);
    var bytes = new byte[message.remaining()];
    message.get(bytes);
    return bytes;
  }

  private static String refusal(Field... fields) {
    return Refused.with(
        WireException.class, () -> TokenSchema.decodeRequest(encode(new Schema(List.of(fields)))));
  }

  @ParameterizedTest
  @EnumSource
  void readsWhatItWrites(WireType type) throws WireException {
    var schema = new TokenSchema(type, 77, 5);
    assertEquals(schema, TokenSchema.decodeRequest(schema.encode()));
    assertEquals(schema.reply(), TokenSchema.decodeReply(schema.reply().encode()));
  }

  @Test
  void arrowReadsOurSchema() throws IOException {
    var bytes = new TokenSchema(WireType.F32, 6, 2).encode();
    // The IPC stream format puts a continuation marker and the length in front.
    var framed = new byte[bytes.length + 8];
    ByteBuffer.wrap(framed)
        .order(ByteOrder.LITTLE_ENDIAN)
        .putInt(-1)
        .putInt(bytes.length)
        .put(bytes);
    var schema =
        MessageSerializer.deserializeSchema(
            new ReadChannel(Channels.newChannel(new ByteArrayInputStream(framed))));
    assertEquals(
        List.of("hidden", "expert"), schema.getFields().stream().map(Field::getName).toList());
    assertEquals(new ArrowType.FixedSizeList(6), schema.findField("hidden").getType());
    assertEquals(FLOAT, schema.findField("hidden").getChildren().getFirst().getType());
    assertEquals(
        "arrow.fixed_shape_tensor",
        schema.findField("hidden").getMetadata().get("ARROW:extension:name"));
    assertEquals(INT32, schema.findField("expert").getChildren().getFirst().getType());
  }

  @Test
  void weReadArrowsSchema() throws WireException {
    var float32 =
        new Schema(List.of(list("hidden", 9, FLOAT, Map.of()), list("expert", 2, INT32, Map.of())));
    assertEquals(new TokenSchema(WireType.F32, 9, 2), TokenSchema.decodeRequest(encode(float32)));
    var bfloat16 =
        new Schema(
            List.of(
                list("hidden", 9, UINT16, Map.of("x", "y", "moesaic.dtype", "bf16")),
                list("expert", 1, INT32, Map.of())));
    assertEquals(new TokenSchema(WireType.BF16, 9, 1), TokenSchema.decodeRequest(encode(bfloat16)));
  }

  @Test
  void namesTheColumnAtFault() {
    var hidden = list("hidden", 9, FLOAT, Map.of());
    var expert = list("expert", 2, INT32, Map.of());
    assertEquals("schema: has 1 columns, must have 2: \"hidden\" and \"expert\"", refusal(hidden));
    assertEquals(
        "schema.hidden: column \"hidden\" is missing or out of order", refusal(expert, hidden));
    assertEquals(
        "schema.hidden: uint16 items need the field metadata moesaic.dtype=bf16",
        refusal(list("hidden", 9, UINT16, Map.of()), expert));
    assertEquals(
        "schema.hidden: items must be float32, or uint16 with the field metadata"
            + " moesaic.dtype=bf16",
        refusal(list("hidden", 9, INT32, Map.of()), expert));
    assertEquals(
        "schema.hidden: has lists of 65537 items, must be from 1 to 65536",
        refusal(list("hidden", 65537, FLOAT, Map.of()), expert));
    assertEquals(
        "schema.hidden: must be a FixedSizeList", refusal(Field.nullable("hidden", FLOAT), expert));
    assertEquals(
        "schema.expert: items must be int32", refusal(hidden, list("expert", 2, UINT16, Map.of())));
    assertEquals(
        "schema.expert: has lists of 257 items, must be from 1 to 256",
        refusal(hidden, list("expert", 257, INT32, Map.of())));
    assertEquals(
        "schema: is not a valid flatbuffer",
        Refused.with(WireException.class, () -> TokenSchema.decodeRequest(new byte[] {1, 2, 3})));
  }
}
