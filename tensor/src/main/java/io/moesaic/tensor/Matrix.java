package io.moesaic.tensor;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Objects;

/// A view of float32 activations: `rows` x `cols`, row-major, rows `stride` floats apart.
///
/// ```
///   offset            cols          stride
///   |-----------------|-------------|
///   row 0  x x x x x x . . . . . . .
///   row 1  x x x x x x . . . . . . .     '.' is padding: products write whole panels of 64
///                                        columns into it, nobody reads it
/// ```
/// Activations live on the heap, weights do not: arrays cost the compiler a third of the nodes that
/// memory segments do, and the tiles of a matrix product fit its budget only so.
///
/// A view owns nothing and is cheap: [#rows] and [#columns] share the array. Not safe for
/// concurrent writes to the same elements; kernels split the work so that there are none.
public final class Matrix {
  /// Rows are padded to a multiple of this many floats, the width of a weight panel.
  public static final int PADDING = 64;

  private static final ValueLayout.OfFloat LITTLE_ENDIAN_FLOAT =
      JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final float[] data;
  private final int offset;
  private final int rows;
  private final int cols;
  private final int stride;

  private Matrix(float[] data, int offset, int rows, int cols, int stride) {
    this.data = data;
    this.offset = offset;
    this.rows = rows;
    this.cols = cols;
    this.stride = stride;
  }

  /// A matrix of zeros whose rows are padded to [#PADDING] floats.
  ///
  /// @throws ArithmeticException when it would have more than 2^31 - 1 elements
  public static Matrix allocate(int rows, int cols) {
    int stride = Math.multiplyExact(Math.ceilDiv(cols, PADDING), PADDING);
    return new Matrix(new float[Math.multiplyExact(rows, stride)], 0, rows, cols, stride);
  }

  /// `count` rows from row `from` on, sharing the array.
  public Matrix rows(int from, int count) {
    Objects.checkFromIndexSize(from, count, rows);
    return new Matrix(data, at(from), count, cols, stride);
  }

  /// `count` columns from column `from` on, sharing the array; they may reach into the padding.
  public Matrix columns(int from, int count) {
    Objects.checkFromIndexSize(from, count, stride);
    return new Matrix(data, offset + from, rows, count, stride);
  }

  public float[] data() {
    return data;
  }

  public int rows() {
    return rows;
  }

  public int cols() {
    return cols;
  }

  /// Floats from one row to the next.
  public int stride() {
    return stride;
  }

  /// The index in [#data] of a row's first element.
  public int at(int row) {
    return offset + row * stride;
  }

  public float get(int row, int col) {
    return data[at(row) + col];
  }

  public void set(int row, int col, float value) {
    data[at(row) + col] = value;
  }

  /// Copies row `from` of `source`, which has as many columns.
  public void copyRow(int row, Matrix source, int from) {
    System.arraycopy(source.data, source.at(from), data, at(row), cols);
  }

  /// Copies a row from `cols` little-endian float32 values.
  ///
  /// @param from where the values lie, from byte `at` on, at any alignment
  public void readRow(int row, MemorySegment from, long at) {
    MemorySegment.copy(from, LITTLE_ENDIAN_FLOAT, at, data, at(row), cols);
  }

  /// Copies a row to `cols` little-endian float32 values.
  ///
  /// @param to where the values go, from byte `at` on, at any alignment
  public void writeRow(int row, MemorySegment to, long at) {
    MemorySegment.copy(data, at(row), to, LITTLE_ENDIAN_FLOAT, at, cols);
  }

  @Override
  public String toString() {
    return "Matrix[" + rows + ", " + cols + "]";
  }
}
