package io.moesaic.wire;

import io.moesaic.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.apache.arrow.flatbuf.Schema;

/// The columns of a stream that asks for a whole MoE layer, sent once as its first message. The
/// schema's metadata has `moesaic.mode`:
///
/// ```
///   mode      columns
///   moe       hidden   FixedSizeList<float>[hidden], or <halffloat>, or <uint16> with the field
///                      metadata moesaic.dtype=bf16
///   experts   hidden   the same
///             expert   FixedSizeList<int32>[expertsPerRow]
///             weight   FixedSizeList<float>[expertsPerRow]
///   replies   hidden   as it came
/// ```
/// Columns may be declared nullable, but a batch must not hold nulls.
///
/// @param type of activations: float32, float16 or bfloat16
/// @param hidden width of an activation
/// @param expertsPerRow experts that a row can name; 0 in mode `moe`
public record LayerSchema(Mode mode, DType type, int hidden, int expertsPerRow) {
  static final String MODE_KEY = "moesaic.mode";
  static final int MAX_EXPERTS_PER_ROW = 1 << 12;

  /// The types that activations may have.
  public static final List<DType> ACTIVATIONS = List.of(DType.F32, DType.F16, DType.BF16);

  private static final String HIDDEN = "hidden";
  private static final String EXPERT = "expert";
  private static final String WEIGHT = "weight";

  /// Whose gate decides.
  public enum Mode {
    /// The sender's: experts and weights come with the rows.
    EXPERTS,
    /// The layer's own.
    MOE;

    /// The name in a schema's metadata: `experts` or `moe`.
    public String label() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  public LayerSchema {
    if (!ACTIVATIONS.contains(type)) {
      throw new IllegalArgumentException("type is " + type + ", must be one of " + ACTIVATIONS);
    }
    if (hidden < 1 || hidden > Column.MAX_HIDDEN) {
      throw new IllegalArgumentException(
          "hidden is " + hidden + ", must be from 1 to " + Column.MAX_HIDDEN);
    }
    int least = mode == Mode.EXPERTS ? 1 : 0;
    int most = mode == Mode.EXPERTS ? MAX_EXPERTS_PER_ROW : 0;
    if (expertsPerRow < least || expertsPerRow > most) {
      throw new IllegalArgumentException(
          "experts per row are %d, must be from %d to %d in mode %s"
              .formatted(expertsPerRow, least, most, mode.label()));
    }
  }

  /// Rows of float32 for the layer's own gate.
  public static LayerSchema moe(int hidden) {
    return new LayerSchema(Mode.MOE, DType.F32, hidden, 0);
  }

  List<Column> columns() {
    List<Column> columns = new ArrayList<>(replyColumns());
    if (mode == Mode.EXPERTS) {
      columns.add(new Column(EXPERT, DType.I32, expertsPerRow));
      columns.add(new Column(WEIGHT, DType.F32, expertsPerRow));
    }
    return columns;
  }

  List<Column> replyColumns() {
    return List.of(new Column(HIDDEN, type, hidden));
  }

  /// The Arrow IPC message of this schema, as a request begins with it.
  byte[] encode() {
    return SchemaMessage.encode(columns(), Map.of(MODE_KEY, mode.label()));
  }

  /// This schema in terms of Arrow's library, for clients that ask for it.
  public org.apache.arrow.vector.types.pojo.Schema toArrow() {
    try {
      return org.apache.arrow.vector.types.pojo.Schema.convertSchema(
          SchemaMessage.decode(encode()));
    } catch (WireException e) {
      throw new IllegalStateException("our own schema cannot be read", e);
    }
  }

  /// The first frame of a reply to batches of this schema.
  public FlightFrame replyFrame() {
    return FlightFrame.of(
        new byte[0], SchemaMessage.encode(replyColumns(), Map.of()), new byte[0], null);
  }

  /// Reads the schema message of a request stream.
  ///
  /// @throws WireException naming the part that is malformed or of another type
  public static LayerSchema decode(byte[] message) throws WireException {
    return Flatbuffers.read("schema", () -> decode(SchemaMessage.decode(message)));
  }

  private static LayerSchema decode(Schema schema) throws WireException {
    var mode = mode(SchemaMessage.metadata(schema, MODE_KEY));
    SchemaMessage.checkColumns(
        schema,
        mode == Mode.MOE ? 1 : 3,
        mode == Mode.MOE ? "\"hidden\"" : "\"hidden\", \"expert\" and \"weight\"");
    var hidden = Column.decode(schema.fields(0), HIDDEN, Column.MAX_HIDDEN, ACTIVATIONS);
    if (mode == Mode.MOE) {
      return new LayerSchema(mode, hidden.type(), hidden.width(), 0);
    }
    var expert = decode(schema, 1, EXPERT, DType.I32);
    var weight = decode(schema, 2, WEIGHT, DType.F32);
    if (weight.width() != expert.width()) {
      throw WireException.invalid(
          "schema.weight",
          "has lists of %d items, must have %d as \"expert\""
              .formatted(weight.width(), expert.width()));
    }
    return new LayerSchema(mode, hidden.type(), hidden.width(), expert.width());
  }

  private static Column decode(Schema schema, int index, String name, DType type)
      throws WireException {
    return Column.decode(schema.fields(index), name, MAX_EXPERTS_PER_ROW, List.of(type));
  }

  private static Mode mode(String label) throws WireException {
    for (var mode : Mode.values()) {
      if (mode.label().equals(label)) {
        return mode;
      }
    }
    throw WireException.invalid(
        "schema.metadata",
        label.isEmpty()
            ? MODE_KEY + " is missing, must be experts or moe"
            : "%s is \"%.100s\", must be experts or moe".formatted(MODE_KEY, label));
  }
}
