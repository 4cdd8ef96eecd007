package io.moesaic.tensor;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;

import java.util.Objects;

/// A weight matrix `[outputs, inputs]` as a checkpoint stores it, to be packed: a view of tensors
/// that owns nothing. However it is stored, each weight is a float32 exactly, and [#get] says
/// which.
public sealed interface Weight {
  /// What the checkpoint calls it.
  String name();

  int outputs();

  int inputs();

  /// The weight from an input to an output.
  float get(int output, int input);

  /// A matrix of some of the outputs: every `step`-th from `first` on, `count` of them.
  Weight rows(int first, int step, int count);

  /// A matrix stored element by element, `[outputs, inputs]`.
  static Weight of(Tensor tensor) {
    return new Plain(tensor, false);
  }

  /// A matrix stored element by element, `[inputs, outputs]`.
  static Weight transposed(Tensor tensor) {
    return new Plain(tensor, true);
  }

  /// Which rows of the stored matrix count.
  ///
  /// @param count at least 1
  record Rows(int first, int step, int count) {
    /// Some rows of these.
    Rows select(int first, int step, int count) {
      Objects.checkIndex(first, this.count);
      Objects.checkIndex(first + (count - 1) * step, this.count);
      return new Rows(at(first), this.step * step, count);
    }

    /// The stored row of row `index`.
    int at(int index) {
      return first + index * step;
    }
  }

  /// One element for each weight, of a type that widens to float32.
  ///
  /// @param transposed whether the tensor is `[inputs, outputs]`
  record Plain(Tensor tensor, boolean transposed, Rows rows) implements Weight {
    public Plain {
      check(tensor, tensor.dtype().widensToFloat() ? tensor.dtype() : DType.F32, 2);
    }

    public Plain(Tensor tensor, boolean transposed) {
      this(tensor, transposed, new Rows(0, 1, dim(tensor, transposed ? 1 : 0)));
    }

    @Override
    public String name() {
      return tensor.name();
    }

    @Override
    public int outputs() {
      return rows.count();
    }

    @Override
    public int inputs() {
      return dim(tensor, transposed ? 0 : 1);
    }

    /// Where in the flattened tensor a weight is.
    public long index(int output, int input) {
      long row = rows.at(output);
      long columns = tensor.shape().dim(1);
      return transposed ? input * columns + row : row * columns + input;
    }

    @Override
    public float get(int output, int input) {
      return tensor.getFloat(index(output, input));
    }

    @Override
    public Weight rows(int first, int step, int count) {
      return new Plain(tensor, transposed, rows.select(first, step, count));
    }
  }

  /// A byte for each weight, as in [Float8], times a scale for each block of 128 outputs and 128
  /// inputs. A product of the two is rounded to float32 once.
  ///
  /// @param values `[outputs, inputs]`, [DType#F8_E4M3]
  /// @param scales `[outputs / 128, inputs / 128]`, both rounded up
  record Fp8(Tensor values, Tensor scales, Rows rows) implements Weight {
    /// Outputs, and inputs, that share a scale.
    public static final int BLOCK = 128;

    public Fp8 {
      check(values, DType.F8_E4M3, 2);
      check(scales, scales.dtype().widensToFloat() ? scales.dtype() : DType.F32, 2);
      for (int axis = 0; axis < 2; axis++) {
        checkDim(scales, axis, Math.ceilDiv(dim(values, axis), BLOCK));
      }
    }

    public Fp8(Tensor values, Tensor scales) {
      this(values, scales, new Rows(0, 1, dim(values, 0)));
    }

    @Override
    public String name() {
      return values.name();
    }

    @Override
    public int outputs() {
      return rows.count();
    }

    @Override
    public int inputs() {
      return dim(values, 1);
    }

    /// Where in `values` an output's weights begin.
    public long at(int output) {
      return (long) rows.at(output) * inputs();
    }

    /// The scale of an output's weights in a block of inputs.
    public float scale(int output, int block) {
      long row = rows.at(output) / BLOCK;
      return scales.getFloat(row * scales.shape().dim(1) + block);
    }

    @Override
    public float get(int output, int input) {
      byte bits = values.data().get(JAVA_BYTE, at(output) + input);
      return Float8.widen(bits) * scale(output, input / BLOCK);
    }

    @Override
    public Weight rows(int first, int step, int count) {
      return new Fp8(values, scales, rows.select(first, step, count));
    }
  }

  /// Half a byte for each weight, and a scale for each block of 32 inputs, as in [Float4].
  ///
  /// @param codes `[outputs, inputs / 32, 16]`, [DType#U8]
  /// @param scales `[outputs, inputs / 32]`, [DType#U8]
  record Mxfp4(Tensor codes, Tensor scales, Rows rows) implements Weight {
    public Mxfp4 {
      check(codes, DType.U8, 3);
      check(scales, DType.U8, 2);
      checkDim(codes, 2, Float4.BLOCK_BYTES);
      for (int axis = 0; axis < 2; axis++) {
        checkDim(scales, axis, dim(codes, axis));
      }
    }

    public Mxfp4(Tensor codes, Tensor scales) {
      this(codes, scales, new Rows(0, 1, dim(codes, 0)));
    }

    @Override
    public String name() {
      return codes.name();
    }

    @Override
    public int outputs() {
      return rows.count();
    }

    @Override
    public int inputs() {
      return blocks() * Float4.BLOCK;
    }

    /// Blocks of inputs.
    public int blocks() {
      return dim(codes, 1);
    }

    /// Where in `codes` a block of an output begins.
    public long at(int output, int block) {
      return ((long) rows.at(output) * blocks() + block) * Float4.BLOCK_BYTES;
    }

    /// The exponent of a block's scale, 0 to 255.
    public int exponent(int output, int block) {
      long index = (long) rows.at(output) * blocks() + block;
      return Byte.toUnsignedInt(scales.data().get(JAVA_BYTE, index));
    }

    @Override
    public float get(int output, int input) {
      int block = input / Float4.BLOCK;
      int inBlock = input % Float4.BLOCK;
      int pair = codes.data().get(JAVA_BYTE, at(output, block) + inBlock / 2);
      int code = (inBlock % 2 == 0 ? pair : pair >> 4) & 0xf;
      return Float4.value(code) * Float4.scale(exponent(output, block));
    }

    @Override
    public Weight rows(int first, int step, int count) {
      return new Mxfp4(codes, scales, rows.select(first, step, count));
    }
  }

  private static void check(Tensor tensor, DType dtype, int rank) {
    if (tensor.dtype() != dtype || tensor.shape().rank() != rank) {
      throw new IllegalArgumentException(
          "\"%s\" is %s %s, must be %s of %d dimensions"
              .formatted(tensor.name(), tensor.dtype(), tensor.shape(), dtype, rank));
    }
  }

  private static void checkDim(Tensor tensor, int axis, int expected) {
    if (dim(tensor, axis) != expected) {
      throw new IllegalArgumentException(
          "\"%s\" is %s, but dimension %d must be %d"
              .formatted(tensor.name(), tensor.shape(), axis, expected));
    }
  }

  private static int dim(Tensor tensor, int axis) {
    return axis < tensor.shape().rank() ? Math.toIntExact(tensor.shape().dim(axis)) : 0;
  }
}
