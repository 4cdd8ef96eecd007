package io.moesaic.wire;

import com.google.flatbuffers.FlatBufferBuilder;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.apache.arrow.flatbuf.Endianness;
import org.apache.arrow.flatbuf.KeyValue;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.flatbuf.MessageHeader;
import org.apache.arrow.flatbuf.MetadataVersion;
import org.apache.arrow.flatbuf.Schema;

/// The Arrow IPC message with which a stream begins, before anything is said of its columns.
final class SchemaMessage {
  private SchemaMessage() {}

  static byte[] encode(List<Column> columns, Map<String, String> metadata) {
    var builder = new FlatBufferBuilder(512);
    int fields =
        Schema.createFieldsVector(
            builder, columns.stream().mapToInt(column -> column.encode(builder)).toArray());
    int custom =
        Schema.createCustomMetadataVector(
            builder,
            metadata.entrySet().stream()
                .mapToInt(e -> Flatbuffers.keyValue(builder, e.getKey(), e.getValue()))
                .toArray());
    Schema.startSchema(builder);
    Schema.addEndianness(builder, Endianness.Little);
    Schema.addFields(builder, fields);
    Schema.addCustomMetadata(builder, custom);
    int schema = Schema.endSchema(builder);
    Message.finishMessageBuffer(
        builder,
        Message.createMessage(builder, MetadataVersion.V5, MessageHeader.Schema, schema, 0, 0));
    return builder.sizedByteArray();
  }

  /// @throws WireException when the message is no schema; may also throw what a flatbuffer out of
  ///     bounds throws, so it is for use inside [Flatbuffers#read]
  static Schema decode(byte[] bytes) throws WireException {
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

  /// The value of a key of the schema's metadata, or an empty string.
  static String metadata(Schema schema, String key) throws WireException {
    List<KeyValue> metadata = new ArrayList<>();
    Flatbuffers.checkMetadata("schema", schema.customMetadataLength());
    for (int i = 0; i < schema.customMetadataLength(); i++) {
      metadata.add(schema.customMetadata(i));
    }
    return Flatbuffers.value(metadata, key);
  }

  /// @param names for the error, of all columns
  static void checkColumns(Schema schema, int count, String names) throws WireException {
    if (schema.fieldsLength() != count) {
      throw WireException.invalid(
          "schema",
          "has %d columns, must have %d: %s".formatted(schema.fieldsLength(), count, names));
    }
  }
}
