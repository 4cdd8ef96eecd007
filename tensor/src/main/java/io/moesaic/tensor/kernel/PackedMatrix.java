package io.moesaic.tensor.kernel;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.moesaic.tensor.DType;
import io.moesaic.tensor.Tensor;
import io.moesaic.tensor.Weight;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
import java.util.List;

/// A weight matrix packed once, at load, into panels of 64 output columns (see [Panel]). Computes
/// `y = x · Wᵀ + b` for a checkpoint's `W [outputs, inputs]`, and a bias if it was given one.
/// Columns past `outputs` in the last panel are zeros.
///
/// bfloat16 stays bfloat16; float16 is widened to float32, which holds it exactly. Immutable once
/// packed; the allocator's arena decides how long it lives.
public final class PackedMatrix {
  private static final ValueLayout.OfShort BF16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final DType type;
  private final int outputs;
  private final int inputs;
  private final Panel[] panels;
  private final float[] bias;

  private PackedMatrix(DType type, int outputs, int inputs, Panel[] panels, float[] bias) {
    this.type = type;
    this.outputs = outputs;
    this.inputs = inputs;
    this.panels = panels;
    this.bias = bias;
  }

  /// Packs one or several weights `[outputs_i, inputs]` below each other, as if they were one:
  /// fused projections.
  ///
  /// @throws IllegalArgumentException when the weights are not of one type and one number of inputs
  public static PackedMatrix pack(SegmentAllocator allocator, Weight... weights) {
    var first = weights[0];
    int outputs = 0;
    for (var weight : weights) {
      if (weight.inputs() != first.inputs() || type(weight) != type(first)) {
        throw new IllegalArgumentException(
            "cannot pack \"%s\", %s of %d inputs, below \"%s\", %s of %d inputs"
                .formatted(
                    weight.name(),
                    type(weight),
                    weight.inputs(),
                    first.name(),
                    type(first),
                    first.inputs()));
      }
      outputs = Math.addExact(outputs, weight.outputs());
    }
    var type = type(first);
    int inputs = first.inputs();
    long panelBytes = Panel.bytes(type, inputs);
    var panels = new Panel[Math.ceilDiv(outputs, Panel.COLUMNS)];
    var data = allocator.allocate(Math.max(1, panelBytes * panels.length), 64);
    for (int p = 0; p < panels.length; p++) {
      panels[p] = new Panel(data, p * panelBytes, type, inputs);
    }
    int output = 0;
    for (var weight : weights) {
      for (int row = 0; row < weight.outputs(); row++, output++) {
        packRow(weight, row, panels[output / Panel.COLUMNS], output % Panel.COLUMNS);
      }
    }
    return new PackedMatrix(type, outputs, inputs, panels, new float[0]);
  }

  private static DType type(Weight weight) {
    return switch (weight) {
      case Weight.Plain plain -> plain.tensor().dtype() == DType.BF16 ? DType.BF16 : DType.F32;
    };
  }

  /// Packs matrices `[outputs_i, inputs]` of a checkpoint below each other.
  ///
  /// @throws IllegalArgumentException when they are not matrices of one type and one number of
  ///     inputs
  public static PackedMatrix pack(SegmentAllocator allocator, List<Tensor> weights) {
    return pack(allocator, weights.stream().map(Weight::of).toArray(Weight[]::new));
  }

  /// Packs one matrix `[outputs, inputs]` of a checkpoint.
  public static PackedMatrix pack(SegmentAllocator allocator, Tensor weight) {
    return pack(allocator, Weight.of(weight));
  }

  /// Spreads row `row` of the weight over column `column` of the panel.
  private static void packRow(Weight weight, int row, Panel panel, int column) {
    MemorySegment to = panel.data();
    int line = Panel.lineBytes(panel.type());
    if (panel.type() == DType.BF16 && weight instanceof Weight.Plain plain) {
      var from = plain.tensor().data();
      long at = panel.offset() + column % Panel.PAIRED * 4L + column / Panel.PAIRED * 2L;
      for (int k = 0; k < panel.k(); k++, at += line) {
        to.set(JAVA_SHORT, at, from.get(BF16, plain.index(row, k) * 2));
      }
    } else {
      long at = panel.offset() + column * 4L;
      for (int k = 0; k < panel.k(); k++, at += line) {
        to.set(JAVA_FLOAT, at, weight.get(row, k));
      }
    }
  }

  /// The same matrix, sharing the panels, with another bias.
  ///
  /// @param values one for each output; empty for none
  public PackedMatrix withBias(float[] values) {
    if (values.length != 0 && values.length != outputs) {
      throw new IllegalArgumentException(
          "a bias has %d values, but the matrix %d outputs".formatted(values.length, outputs));
    }
    var padded = Arrays.copyOf(values, values.length == 0 ? 0 : panels.length * Panel.COLUMNS);
    return new PackedMatrix(type, outputs, inputs, panels, padded);
  }

  /// One value for each column of all panels, or none at all.
  float[] bias() {
    return bias;
  }

  /// [DType#F32] or [DType#BF16].
  public DType type() {
    return type;
  }

  public int outputs() {
    return outputs;
  }

  public int inputs() {
    return inputs;
  }

  public int panels() {
    return panels.length;
  }

  Panel panel(int index) {
    return panels[index];
  }

  /// Bytes in memory.
  public long bytes() {
    return Panel.bytes(type, inputs) * panels.length;
  }
}
