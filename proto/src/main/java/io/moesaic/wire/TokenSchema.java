package io.moesaic.wire;

import io.moesaic.tensor.DType;
import java.util.List;
import java.util.Map;
import org.apache.arrow.flatbuf.Schema;

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
  static final int MAX_HIDDEN = Column.MAX_HIDDEN;
  static final int MAX_EXPERTS_PER_ROW = 1 << 8;

  private static final String HIDDEN = "hidden";
  private static final String EXPERT = "expert";
  private static final List<DType> ACTIVATIONS = List.of(DType.F32, DType.BF16);

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

  List<Column> columns() {
    var activations = new Column(HIDDEN, type.dtype(), hidden);
    return expertsPerRow == 0
        ? List.of(activations)
        : List.of(activations, new Column(EXPERT, DType.I32, expertsPerRow));
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
    return SchemaMessage.encode(columns(), Map.of());
  }

  // ---- in

  /// Reads the schema message of a request stream.
  ///
  /// @throws WireException naming the part that is malformed or of another type
  public static TokenSchema decodeRequest(byte[] message) throws WireException {
    return Flatbuffers.read("schema", () -> decode(SchemaMessage.decode(message), 2));
  }

  /// Reads the schema message of a reply stream.
  ///
  /// @throws WireException naming the part that is malformed or of another type
  public static TokenSchema decodeReply(byte[] message) throws WireException {
    return Flatbuffers.read("schema", () -> decode(SchemaMessage.decode(message), 1));
  }

  private static TokenSchema decode(Schema schema, int columns) throws WireException {
    SchemaMessage.checkColumns(
        schema, columns, columns == 2 ? "\"hidden\" and \"expert\"" : "\"hidden\"");
    var hidden = Column.decode(schema.fields(0), HIDDEN, MAX_HIDDEN, ACTIVATIONS);
    var type = hidden.type() == DType.F32 ? WireType.F32 : WireType.BF16;
    if (columns == 1) {
      return new TokenSchema(type, hidden.width(), 0);
    }
    var expert = Column.decode(schema.fields(1), EXPERT, MAX_EXPERTS_PER_ROW, List.of(DType.I32));
    return new TokenSchema(type, hidden.width(), expert.width());
  }
}
