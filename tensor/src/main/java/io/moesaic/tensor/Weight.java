package io.moesaic.tensor;

import java.util.Objects;

/// A weight matrix `[outputs, inputs]` as a checkpoint stores it, to be packed: a view of tensors
/// that owns nothing. However it is stored, each weight is a float32 exactly, and [#get] says
// which.
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
      if (tensor.shape().rank() != 2 || !tensor.dtype().widensToFloat()) {
        throw new IllegalArgumentException(
            "\"%s\" is %s %s, but a weight matrix has two dimensions and is F32, BF16 or F16"
                .formatted(tensor.name(), tensor.dtype(), tensor.shape()));
      }
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

  private static int dim(Tensor tensor, int axis) {
    return axis < tensor.shape().rank() ? Math.toIntExact(tensor.shape().dim(axis)) : 0;
  }
}
