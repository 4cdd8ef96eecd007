package io.moesaic.router.layer;

import io.moesaic.router.gate.Choices;
import io.moesaic.tensor.BFloat16;
import io.moesaic.tensor.DType;
import io.moesaic.tensor.Matrix;
import io.moesaic.wire.LayerSchema;
import io.moesaic.wire.LayerSchema.Mode;
import java.util.Arrays;
import org.apache.arrow.vector.Float2Vector;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.IntVector;
import org.apache.arrow.vector.UInt2Vector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.apache.arrow.vector.types.pojo.Schema;

/// Rows for a layer, and who is to compute them.
///
/// @param hidden `[rows, hidden]`
/// @param experts `[rows, k]`, empty for mode `moe`
/// @param weights `[rows, k]`
record Rows(Matrix hidden, int[] experts, float[] weights) {
  /// The columns that a stream declares.
  record Columns(Mode mode, DType type, int hidden, int ranks) {
    static Columns moe(DType type, int hidden) {
      return new Columns(Mode.MOE, type, hidden, 0);
    }

    static Columns experts(int hidden, int ranks) {
      return new Columns(Mode.EXPERTS, DType.F32, hidden, ranks);
    }

    Schema schema() {
      return new LayerSchema(mode, type, hidden, ranks).toArrow();
    }
  }

  static Rows of(Matrix hidden) {
    return new Rows(hidden, new int[0], new float[0]);
  }

  static Rows of(Matrix hidden, Choices choices) {
    var experts = new int[choices.rows() * choices.ranks()];
    var weights = new float[experts.length];
    for (int i = 0; i < experts.length; i++) {
      experts[i] = choices.expert(i / choices.ranks(), i % choices.ranks());
      weights[i] = choices.weight(i / choices.ranks(), i % choices.ranks());
    }
    return new Rows(hidden, experts, weights);
  }

  void fill(VectorSchemaRoot root) {
    root.clear();
    root.allocateNew();
    for (var column : root.getFieldVectors()) {
      for (int row = 0; row < hidden.rows(); row++) {
        ((FixedSizeListVector) column).startNewValue(row);
      }
    }
    var list = (FixedSizeListVector) root.getVector("hidden");
    for (int i = 0; i < hidden.rows() * hidden.cols(); i++) {
      float value = hidden.get(i / hidden.cols(), i % hidden.cols());
      switch (list.getDataVector()) {
        case Float4Vector vector -> vector.setSafe(i, value);
        case Float2Vector vector -> vector.setSafe(i, Float.floatToFloat16(value));
        case UInt2Vector vector -> vector.setSafe(i, (char) BFloat16.round(value));
        default -> throw new IllegalArgumentException(list.getField().toString());
      }
    }
    for (int i = 0; i < experts.length; i++) {
      items(root, "expert", IntVector.class).setSafe(i, experts[i]);
      items(root, "weight", Float4Vector.class).setSafe(i, weights[i]);
    }
    root.setRowCount(hidden.rows());
  }

  private static <T> T items(VectorSchemaRoot root, String column, Class<T> type) {
    return type.cast(((FixedSizeListVector) root.getVector(column)).getDataVector());
  }

  /// The values of the only column.
  static float[] values(VectorSchemaRoot root) {
    var list = (FixedSizeListVector) root.getVector("hidden");
    var values = new float[root.getRowCount() * list.getListSize()];
    for (int i = 0; i < values.length; i++) {
      values[i] =
          switch (list.getDataVector()) {
            case Float4Vector vector -> vector.get(i);
            case Float2Vector vector -> Float.float16ToFloat(vector.get(i));
            case UInt2Vector vector -> BFloat16.widen((short) vector.get(i));
            default -> throw new IllegalArgumentException(list.getField().toString());
          };
    }
    return values;
  }

  /// The values of a matrix, row by row.
  static float[] values(Matrix matrix) {
    var values = new float[matrix.rows() * matrix.cols()];
    for (int row = 0; row < matrix.rows(); row++) {
      System.arraycopy(matrix.data(), matrix.at(row), values, row * matrix.cols(), matrix.cols());
    }
    return values;
  }

  /// What is left of a value on a stream of a type.
  static float rounded(DType type, float value) {
    return switch (type) {
      case F32 -> value;
      case F16 -> Float.float16ToFloat(Float.floatToFloat16(value));
      case BF16 -> BFloat16.widen(BFloat16.round(value));
      default -> throw new IllegalArgumentException(type.toString());
    };
  }

  /// A matrix of what is left of another's values.
  static Matrix rounded(DType type, Matrix matrix) {
    var rounded = Matrix.allocate(matrix.rows(), matrix.cols());
    for (int row = 0; row < matrix.rows(); row++) {
      for (int i = 0; i < matrix.cols(); i++) {
        rounded.set(row, i, rounded(type, matrix.get(row, i)));
      }
    }
    return rounded;
  }

  @Override
  public String toString() {
    return hidden.rows() + " rows, experts " + Arrays.toString(experts);
  }
}
