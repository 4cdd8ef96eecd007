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
/// bfloat16 stays bfloat16, and quantized weights stay as they are; float16 is widened to float32,
/// which holds it exactly. Immutable once packed; the allocator's arena decides how long it lives.
public final class PackedMatrix {
  private static final ValueLayout.OfShort BF16 =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /// How weights are held in memory.
  private enum Encoding {
    F32,
    BF16,
    MXFP4,
    FP8;

    static Encoding of(Weight weight) {
      return switch (weight) {
        case Weight.Plain plain -> plain.tensor().dtype() == DType.BF16 ? BF16 : F32;
        case Weight.Mxfp4 _ -> MXFP4;
        case Weight.Fp8 _ -> FP8;
      };
    }

    long panelBytes(int k) {
      return switch (this) {
        case F32 -> Panel.bytes(DType.F32, k);
        case BF16 -> Panel.bytes(DType.BF16, k);
        case MXFP4 -> Mxfp4Panel.bytes(k);
        case FP8 -> Fp8Panel.bytes(k);
      };
    }

    WeightPanel panel(MemorySegment data, long offset, int k) {
      return switch (this) {
        case F32 -> new Panel(data, offset, DType.F32, k);
        case BF16 -> new Panel(data, offset, DType.BF16, k);
        case MXFP4 -> new Mxfp4Panel(data, offset, k);
        case FP8 -> new Fp8Panel(data, offset, k);
      };
    }
  }

  private final long bytes;
  private final int outputs;
  private final int inputs;
  private final WeightPanel[] panels;
  private final float[] bias;

  private PackedMatrix(long bytes, int outputs, int inputs, WeightPanel[] panels, float[] bias) {
    this.bytes = bytes;
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
    var encoding = Encoding.of(first);
    int inputs = first.inputs();
    int outputs = 0;
    for (var weight : weights) {
      if (weight.inputs() != inputs || Encoding.of(weight) != encoding) {
        throw new IllegalArgumentException(
            "cannot pack \"%s\", %s of %d inputs, below \"%s\", %s of %d inputs"
                .formatted(
                    weight.name(),
                    Encoding.of(weight),
                    weight.inputs(),
                    first.name(),
                    encoding,
                    inputs));
      }
      outputs = Math.addExact(outputs, weight.outputs());
    }
    long panelBytes = encoding.panelBytes(inputs);
    var panels = new WeightPanel[Math.ceilDiv(outputs, Panel.COLUMNS)];
    var data = allocator.allocate(Math.max(1, panelBytes * panels.length), 64);
    for (int p = 0; p < panels.length; p++) {
      panels[p] = encoding.panel(data, p * panelBytes, inputs);
    }
    int output = 0;
    for (var weight : weights) {
      for (int row = 0; row < weight.outputs(); row++, output++) {
        packRow(weight, row, panels[output / Panel.COLUMNS], output % Panel.COLUMNS);
      }
    }
    long bytes = panelBytes * panels.length;
    return new PackedMatrix(bytes, outputs, inputs, panels, new float[0]);
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
  private static void packRow(Weight weight, int row, WeightPanel panel, int column) {
    switch (weight) {
      case Weight.Plain plain -> packRow(plain, row, (Panel) panel, column);
      case Weight.Mxfp4 mxfp4 -> ((Mxfp4Panel) panel).pack(mxfp4, row, column);
      case Weight.Fp8 fp8 -> ((Fp8Panel) panel).pack(fp8, row, column);
    }
  }

  private static void packRow(Weight.Plain weight, int row, Panel panel, int column) {
    MemorySegment to = panel.data();
    int line = Panel.lineBytes(panel.type());
    if (panel.type() == DType.BF16) {
      var from = weight.tensor().data();
      long at = panel.offset() + column % Panel.PAIRED * 4L + column / Panel.PAIRED * 2L;
      for (int k = 0; k < panel.k(); k++, at += line) {
        to.set(JAVA_SHORT, at, from.get(BF16, weight.index(row, k) * 2));
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
    return new PackedMatrix(bytes, outputs, inputs, panels, padded);
  }

  /// One value for each column of all panels, or none at all.
  float[] bias() {
    return bias;
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

  WeightPanel panel(int index) {
    return panels[index];
  }

  /// Bytes in memory.
  public long bytes() {
    return bytes;
  }
}
