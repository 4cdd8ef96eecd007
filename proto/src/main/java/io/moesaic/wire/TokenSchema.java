package io.moesaic.wire;

import com.google.flatbuffers.FlatBufferBuilder;
import java.nio.ByteBuffer;
import org.apache.arrow.flatbuf.Endianness;
import org.apache.arrow.flatbuf.Field;
import org.apache.arrow.flatbuf.FixedSizeList;
import org.apache.arrow.flatbuf.FloatingPoint;
import org.apache.arrow.flatbuf.Int;
import org.apache.arrow.flatbuf.KeyValue;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.flatbuf.MessageHeader;
import org.apache.arrow.flatbuf.MetadataVersion;
import org.apache.arrow.flatbuf.Precision;
import org.apache.arrow.flatbuf.Schema;
import org.apache.arrow.flatbuf.Type;

/// The columns of a stream's batches, sent once as its first message:
///
/// ```
///   hidden   FixedSizeList<float>[hidden]        or FixedSizeList<uint16>[hidden] with the field
///                                                metadata moesaic.dtype=bf16
///   expert   FixedSizeList<int32>[expertsPerRow] requests only
/// ```
/// A float32 column carries `arrow.fixed_shape_tensor` metadata, so that Python sees a tensor.
/// Columns from outside may be declared nullable, but a batch must not hold nulls.
///
/// @param hidden width of an activation
/// @param expertsPerRow most experts of a row; 0 for a reply, which has no such column
public record TokenSchema(WireType type, int hidden, int expertsPerRow) {
  static final int MAX_HIDDEN = 1 << 16;
  static final int MAX_EXPERTS_PER_ROW = 1 << 8;

  private static final String DTYPE_KEY = "moesaic.dtype";
  private static final String HIDDEN = "hidden";
  private static final String EXPERT = "expert";

  public TokenSchema {
    if (hidden < 1 || hidden > MAX_HIDDEN) {
      throw new IllegalArgumentException(
          "hidden is " + hidden + ", must be from 1 to " + MAX_HIDDEN);
    }
    if (expertsPerRow < 0 || expertsPerRow > MAX_EXPERTS_PER_ROW) {
      throw new IllegalArgumentException(
          "experts per row are " + expertsPerRow + ", must be from 0 to " + MAX_EXPERTS_PER_ROW);
    }
  }

  /// The schema of the replies to batches of this one.
  public TokenSchema reply() {
    return new TokenSchema(type, hidden, 0);
  }

  /// Columns, each a list column with one child.
  int columns() {
    return expertsPerRow == 0 ? 1 : 2;
  }

  /// Values of a row of column `column`.
  int width(int column) {
    return column == 0 ? hidden : expertsPerRow;
  }

  /// Bytes of a value of column `column`.
  int valueBytes(int column) {
    return column == 0 ? type.bytes() : Integer.BYTES;
  }

  // ---- out

  /// The first frame of a stream in either direction.
  ///
  /// @param descriptor where the stream goes, as a serialized FlightDescriptor; empty for replies
  public FlightFrame frame(byte[] descriptor) {
    return FlightFrame.of(descriptor, encode(), new byte[0], null);
  }

  /// The Arrow IPC message of this schema.
  byte[] encode() {
    var builder = new FlatBufferBuilder(512);
    var fields = new int[columns()];
    fields[0] = type == WireType.F32 ? floatColumn(builder) : bfloat16Column(builder);
    if (expertsPerRow > 0) {
      int item = Int.createInt(builder, 32, true);
      fields[1] = listColumn(builder, EXPERT, expertsPerRow, Type.Int, item, new int[0]);
    }
    int vector = Schema.createFieldsVector(builder, fields);
    Schema.startSchema(builder);
    Schema.addEndianness(builder, Endianness.Little);
    Schema.addFields(builder, vector);
    int schema = Schema.endSchema(builder);
    Message.finishMessageBuffer(
        builder,
        Message.createMessage(builder, MetadataVersion.V5, MessageHeader.Schema, schema, 0, 0));
    return builder.sizedByteArray();
  }

  private int floatColumn(FlatBufferBuilder builder) {
    int item = FloatingPoint.createFloatingPoint(builder, Precision.SINGLE);
    int[] metadata = {
      keyValue(builder, "ARROW:extension:name", "arrow.fixed_shape_tensor"),
      keyValue(builder, "ARROW:extension:metadata", "{\"shape\":[" + hidden + "]}")
    };
    return listColumn(builder, HIDDEN, hidden, Type.FloatingPoint, item, metadata);
  }

  private int bfloat16Column(FlatBufferBuilder builder) {
    int item = Int.createInt(builder, 16, false);
    int[] metadata = {keyValue(builder, DTYPE_KEY, WireType.BF16.label())};
    return listColumn(builder, HIDDEN, hidden, Type.Int, item, metadata);
  }

  private static int keyValue(FlatBufferBuilder builder, String key, String value) {
    return KeyValue.createKeyValue(builder, builder.createString(key), builder.createString(value));
  }

  private static int listColumn(
      FlatBufferBuilder builder, String name, int width, byte itemType, int item, int[] metadata) {
    int noChildren = Field.createChildrenVector(builder, new int[0]);
    int itemName = builder.createString("item");
    Field.startField(builder);
    Field.addName(builder, itemName);
    Field.addTypeType(builder, itemType);
    Field.addType(builder, item);
    Field.addChildren(builder, noChildren);
    int child = Field.endField(builder);

    int list = FixedSizeList.createFixedSizeList(builder, width);
    int children = Field.createChildrenVector(builder, new int[] {child});
    int customMetadata = Field.createCustomMetadataVector(builder, metadata);
    int listName = builder.createString(name);
    Field.startField(builder);
    Field.addName(builder, listName);
    Field.addTypeType(builder, Type.FixedSizeList);
    Field.addType(builder, list);
    Field.addChildren(builder, children);
    Field.addCustomMetadata(builder, customMetadata);
    return Field.endField(builder);
  }

  // ---- in

  /// Reads the schema message of a request stream.
  ///
  /// @throws WireException naming the part that is malformed or of another type
  public static TokenSchema decodeRequest(byte[] message) throws WireException {
    return Flatbuffers.read("schema", () -> decode(schemaOf(message), 2));
  }

  /// Reads the schema message of a reply stream.
  ///
  /// @throws WireException naming the part that is malformed or of another type
  public static TokenSchema decodeReply(byte[] message) throws WireException {
    return Flatbuffers.read("schema", () -> decode(schemaOf(message), 1));
  }

  private static Schema schemaOf(byte[] bytes) throws WireException {
    var message = Message.getRootAsMessage(ByteBuffer.wrap(bytes));
    Flatbuffers.checkVersion(message);
    if (message.headerType() != MessageHeader.Schema
        || !(message.header(new Schema()) instanceof Schema schema)) {
      throw WireException.invalid("schema", "the stream's first Arrow message must be a schema");
    }
    if (schema.endianness() != Endianness.Little) {
      throw WireException.invalid("schema.endianness", "must be little endian");
    }
    return schema;
  }

  private static TokenSchema decode(Schema schema, int columns) throws WireException {
    if (schema.fieldsLength() != columns) {
      throw WireException.invalid(
          "schema",
          "has %d columns, must have %s"
              .formatted(
                  schema.fieldsLength(),
                  columns == 2 ? "2: \"hidden\" and \"expert\"" : "1: \"hidden\""));
    }
    var hidden = schema.fields(0);
    int width = listWidth(hidden, HIDDEN, MAX_HIDDEN);
    var type = activationType(hidden);
    if (columns == 1) {
      return new TokenSchema(type, width, 0);
    }
    var expert = schema.fields(1);
    int expertsPerRow = listWidth(expert, EXPERT, MAX_EXPERTS_PER_ROW);
    var item = expert.children(0);
    if (item.typeType() != Type.Int
        || !(item.type(new Int()) instanceof Int integer)
        || integer.bitWidth() != 32
        || !integer.isSigned()) {
      throw WireException.invalid("schema.expert", "items must be int32");
    }
    return new TokenSchema(type, width, expertsPerRow);
  }

  private static int listWidth(Field field, String name, int max) throws WireException {
    var path = "schema." + name;
    if (!name.equals(field.name())) {
      throw WireException.invalid(path, "column \"" + name + "\" is missing or out of order");
    }
    if (field.dictionary() != null) {
      throw WireException.invalid(path, "must not be dictionary-encoded");
    }
    if (field.typeType() != Type.FixedSizeList
        || !(field.type(new FixedSizeList()) instanceof FixedSizeList list)
        || field.childrenLength() != 1) {
      throw WireException.invalid(path, "must be a FixedSizeList");
    }
    int width = list.listSize();
    if (width < 1 || width > max) {
      throw WireException.invalid(
          path, "has lists of " + width + " items, must be from 1 to " + max);
    }
    return width;
  }

  private static WireType activationType(Field field) throws WireException {
    var item = field.children(0);
    if (item.typeType() == Type.FloatingPoint
        && item.type(new FloatingPoint()) instanceof FloatingPoint number
        && number.precision() == Precision.SINGLE) {
      return WireType.F32;
    }
    if (item.typeType() == Type.Int
        && item.type(new Int()) instanceof Int integer
        && integer.bitWidth() == 16
        && !integer.isSigned()) {
      var label = metadata(field, DTYPE_KEY);
      if (label.equals(WireType.BF16.label())) {
        return WireType.BF16;
      }
      throw WireException.invalid(
          "schema.hidden", "uint16 items need the field metadata moesaic.dtype=bf16");
    }
    throw WireException.invalid(
        "schema.hidden",
        "items must be float32, or uint16 with the field metadata moesaic.dtype=bf16");
  }

  /// The value of a key of the field's metadata, or an empty string.
  private static String metadata(Field field, String key) throws WireException {
    if (field.customMetadataLength() > 64) {
      throw WireException.invalid(
          "schema.hidden",
          "has " + field.customMetadataLength() + " metadata entries, at most 64 are allowed");
    }
    for (int i = 0; i < field.customMetadataLength(); i++) {
      var entry = field.customMetadata(i);
      if (key.equals(entry.key()) && entry.value() != null) {
        return entry.value();
      }
    }
    return "";
  }
}
