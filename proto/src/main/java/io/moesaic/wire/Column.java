package io.moesaic.wire;

import com.google.flatbuffers.FlatBufferBuilder;
import io.moesaic.tensor.DType;
import java.util.ArrayList;
import java.util.List;
import org.apache.arrow.flatbuf.Field;
import org.apache.arrow.flatbuf.FixedSizeList;
import org.apache.arrow.flatbuf.FloatingPoint;
import org.apache.arrow.flatbuf.Int;
import org.apache.arrow.flatbuf.KeyValue;
import org.apache.arrow.flatbuf.Precision;
import org.apache.arrow.flatbuf.Type;
import org.jspecify.annotations.Nullable;

/// A column of a batch: for each row a list of `width` numbers, in Arrow's terms a `FixedSizeList`
/// with one child. Arrow has no bfloat16; such a column holds uint16 and says so in its metadata.
///
/// @param type float32, float16, bfloat16 or int32
record Column(String name, DType type, int width) {
  static final int MAX_HIDDEN = 1 << 16;

  private static final String DTYPE_KEY = "moesaic.dtype";
  private static final String BFLOAT16 = "bf16";

  /// Bytes of the values of `rows` rows.
  long bytes(int rows) {
    return (long) rows * width * type.bytes();
  }

  // ---- out

  /// Writes the field of a schema.
  ///
  /// @return where the builder has put it
  int encode(FlatBufferBuilder builder) {
    int noChildren = Field.createChildrenVector(builder, new int[0]);
    int itemName = builder.createString("item");
    int item = item(builder);
    Field.startField(builder);
    Field.addName(builder, itemName);
    Field.addTypeType(builder, isInteger() ? Type.Int : Type.FloatingPoint);
    Field.addType(builder, item);
    Field.addChildren(builder, noChildren);
    int child = Field.endField(builder);

    int list = FixedSizeList.createFixedSizeList(builder, width);
    int children = Field.createChildrenVector(builder, new int[] {child});
    int customMetadata = Field.createCustomMetadataVector(builder, metadata(builder));
    int listName = builder.createString(name);
    Field.startField(builder);
    Field.addName(builder, listName);
    Field.addTypeType(builder, Type.FixedSizeList);
    Field.addType(builder, list);
    Field.addChildren(builder, children);
    Field.addCustomMetadata(builder, customMetadata);
    return Field.endField(builder);
  }

  private boolean isInteger() {
    return type == DType.I32 || type == DType.BF16;
  }

  private int item(FlatBufferBuilder builder) {
    return switch (type) {
      case F32 -> FloatingPoint.createFloatingPoint(builder, Precision.SINGLE);
      case F16 -> FloatingPoint.createFloatingPoint(builder, Precision.HALF);
      case BF16 -> Int.createInt(builder, 16, false);
      case I32 -> Int.createInt(builder, 32, true);
      default -> throw new IllegalStateException("no column holds " + type);
    };
  }

  /// Python sees a column of floats as a tensor.
  private int[] metadata(FlatBufferBuilder builder) {
    return switch (type) {
      case F32, F16 ->
          new int[] {
            Flatbuffers.keyValue(builder, "ARROW:extension:name", "arrow.fixed_shape_tensor"),
            Flatbuffers.keyValue(builder, "ARROW:extension:metadata", "{\"shape\":[" + width + "]}")
          };
      case BF16 -> new int[] {Flatbuffers.keyValue(builder, DTYPE_KEY, BFLOAT16)};
      default -> new int[0];
    };
  }

  // ---- in

  /// Reads the field of a schema from outside.
  ///
  /// @param types that the column may have
  /// @throws WireException when the column is another, or wider than `maxWidth`
  static Column decode(Field field, String name, int maxWidth, List<DType> types)
      throws WireException {
    int width = listWidth(field, name, maxWidth);
    var type = itemType(field);
    if (type == null || !types.contains(type)) {
      throw WireException.invalid("schema." + name, "items must be " + listed(types));
    }
    if (type == DType.BF16) {
      requireBFloat16(field);
    }
    return new Column(name, type, width);
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

  /// The type of a list's items, or null for one that no column has.
  private static @Nullable DType itemType(Field list) {
    var item = list.children(0);
    if (item.typeType() == Type.FloatingPoint
        && item.type(new FloatingPoint()) instanceof FloatingPoint number) {
      return switch (number.precision()) {
        case Precision.SINGLE -> DType.F32;
        case Precision.HALF -> DType.F16;
        default -> null;
      };
    }
    if (item.typeType() != Type.Int || !(item.type(new Int()) instanceof Int integer)) {
      return null;
    }
    if (integer.bitWidth() == 16 && !integer.isSigned()) {
      return DType.BF16;
    }
    return integer.bitWidth() == 32 && integer.isSigned() ? DType.I32 : null;
  }

  private static void requireBFloat16(Field list) throws WireException {
    List<KeyValue> metadata = new ArrayList<>();
    var path = "schema." + list.name();
    Flatbuffers.checkMetadata(path, list.customMetadataLength());
    for (int i = 0; i < list.customMetadataLength(); i++) {
      metadata.add(list.customMetadata(i));
    }
    if (!BFLOAT16.equals(Flatbuffers.value(metadata, DTYPE_KEY))) {
      throw WireException.invalid(
          path, "uint16 items need the field metadata " + DTYPE_KEY + "=" + BFLOAT16);
    }
  }

  private static String listed(List<DType> types) {
    var names = types.stream().map(Column::inArrowsTerms).toList();
    int last = names.size() - 1;
    return last == 0
        ? names.getFirst()
        : String.join(", ", names.subList(0, last)) + ", or " + names.get(last);
  }

  private static String inArrowsTerms(DType type) {
    return switch (type) {
      case F32 -> "float32";
      case F16 -> "float16";
      case BF16 -> "uint16 with the field metadata " + DTYPE_KEY + "=" + BFLOAT16;
      case I32 -> "int32";
      default -> throw new IllegalStateException("no column holds " + type);
    };
  }
}
