package io.moesaic.tensor.kernel;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import io.moesaic.tensor.DType;
import io.moesaic.tensor.Tensor;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.List;

/// A weight matrix packed once, at load, into panels of 64 output columns (see [Panel]). Computes
/// `y = x · Wᵀ` for a checkpoint's `W [outputs, inputs]`. Columns past `outputs` in the last panel
/// are zeros.
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

  private PackedMatrix(DType type, int outputs, int inputs, Panel[] panels) {
    this.type = type;
    this.outputs = outputs;
    this.inputs = inputs;
    this.panels = panels;
  }

  /// Packs one or several weights `[outputs_i, inputs]` below each other, as if they were one:
  /// fused projections.
  ///
  /// @throws IllegalArgumentException when the weights are not matrices of one type and one number
  ///     of inputs
  public static PackedMatrix pack(SegmentAllocator allocator, List<Tensor> weights) {
    var first = weights.getFirst();
    for (var weight : weights) {
      if (weight.shape().rank() != 2
          || weight.shape().dim(1) != first.shape().dim(1)
          || weight.dtype() != first.dtype()
          || !weight.dtype().widensToFloat()) {
        throw new IllegalArgumentException(
            "cannot pack \"%s\" %s %s below \"%s\" %s %s"
                .formatted(
                    weight.name(),
                    weight.dtype(),
                    weight.shape(),
                    first.name(),
                    first.dtype(),
                    first.shape()));
      }
    }
    int inputs = Math.toIntExact(first.shape().dim(1));
    int outputs = 0;
    for (var weight : weights) {
      outputs = Math.addExact(outputs, Math.toIntExact(weight.shape().dim(0)));
    }
    var type = first.dtype() == DType.BF16 ? DType.BF16 : DType.F32;
    long panelBytes = Panel.bytes(type, inputs);
    var panels = new Panel[Math.ceilDiv(outputs, Panel.COLUMNS)];
    var data = allocator.allocate(Math.max(1, panelBytes * panels.length), 64);
    for (int p = 0; p < panels.length; p++) {
      panels[p] = new Panel(data, p * panelBytes, type, inputs);
    }
    int output = 0;
    for (var weight : weights) {
      for (int row = 0; row < weight.shape().dim(0); row++, output++) {
        packRow(weight, row, panels[output / Panel.COLUMNS], output % Panel.COLUMNS);
      }
    }
    return new PackedMatrix(type, outputs, inputs, panels);
  }

  /// Packs one weight `[outputs, inputs]`.
  public static PackedMatrix pack(SegmentAllocator allocator, Tensor weight) {
    return pack(allocator, List.of(weight));
  }

  /// Spreads row `row` of the weight over column `column` of the panel.
  private static void packRow(Tensor weight, int row, Panel panel, int column) {
    MemorySegment to = panel.data();
    int inputs = panel.k();
    long first = (long) row * inputs;
    int line = Panel.lineBytes(panel.type());
    if (panel.type() == DType.BF16) {
      long at = panel.offset() + column % Panel.PAIRED * 4L + column / Panel.PAIRED * 2L;
      for (int k = 0; k < inputs; k++, at += line) {
        to.set(JAVA_SHORT, at, weight.data().get(BF16, (first + k) * 2));
      }
    } else {
      long at = panel.offset() + column * 4L;
      for (int k = 0; k < inputs; k++, at += line) {
        to.set(JAVA_FLOAT, at, weight.getFloat(first + k));
      }
    }
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
