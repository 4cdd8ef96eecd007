package io.moesaic.tensor.kernel;

import static io.moesaic.tensor.kernel.VectorKernels.FLOATS;
import static io.moesaic.tensor.kernel.VectorKernels.INTS;
import static io.moesaic.tensor.kernel.VectorKernels.LENGTH;
import static jdk.incubator.vector.VectorOperators.LSHL;
import static jdk.incubator.vector.VectorOperators.LSHR;
import static jdk.incubator.vector.VectorOperators.LT;

import io.moesaic.tensor.DType;
import io.moesaic.tensor.Float4;
import io.moesaic.tensor.Weight;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/// Quantized weights to float32, a vector of columns at a time.
///
/// A small float's exponent and fraction are moved to float32's place, and the difference of the
/// biases added. Where the exponent is 0 there is no leading one: such a code is given the exponent
/// 1, and the leading one subtracted, exactly. (Multiplying subnormals instead would trap into
/// microcode on some processors.)
final class VectorWidening {
  private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;
  private static final int LINE = Panel.lineBytes(DType.F32);

  private static final int BIAS_4 = (127 - 1) << 23;
  private static final int BIAS_8 = (127 - 7) << 23;
  private static final int ONE_EXPONENT = 1 << 23;
  private static final float ONE_4 = 1f;
  private static final float ONE_8 = 0x1p-6f;

  private VectorWidening() {}

  static void widen(QuantizedPanel from, int first, Panel to) {
    switch (from) {
      case Mxfp4Panel mxfp4 -> widen(mxfp4, first, to);
      case Fp8Panel fp8 -> widen(fp8, first, to);
    }
  }

  private static void widen(Mxfp4Panel from, int first, Panel to) {
    for (int k = 0; k < to.k(); k += Float4.BLOCK) {
      long block = from.block(first + k);
      for (int column = 0; column < Panel.COLUMNS; column += LENGTH) {
        var scale = scale(from, block, column);
        for (int i = 0; i < Float4.BLOCK; i++) {
          long group = (long) i / Mxfp4Panel.GROUP * QuantizedPanel.GROUP_BYTES;
          long at = block + Mxfp4Panel.SCALE_BYTES + group + column * 4L;
          var code =
              IntVector.fromMemorySegment(INTS, from.data(), at, LE)
                  .lanewise(LSHR, i % Mxfp4Panel.GROUP * 4);
          var magnitude = code.and(7);
          var bits = magnitude.lanewise(LSHL, 22).add(BIAS_4);
          var small = magnitude.compare(LT, 2);
          bits.add(ONE_EXPONENT, small)
              .reinterpretAsFloats()
              .sub(ONE_4, small.cast(FLOATS))
              .reinterpretAsInts()
              .or(code.and(8).lanewise(LSHL, 28))
              .reinterpretAsFloats()
              .mul(scale)
              .intoMemorySegment(to.data(), to.offset() + (long) (k + i) * LINE + column * 4L, LE);
        }
      }
    }
  }

  /// The scales of a vector of columns, as [Float4#scale].
  private static FloatVector scale(Mxfp4Panel from, long block, int column) {
    long at = block + column % Mxfp4Panel.SCALE_LANES * 4L;
    return IntVector.fromMemorySegment(INTS, from.data(), at, LE)
        .lanewise(LSHR, column / Mxfp4Panel.SCALE_LANES * 8)
        .and(0xff)
        .lanewise(LSHL, 23)
        .max(1 << 22)
        .reinterpretAsFloats();
  }

  private static void widen(Fp8Panel from, int first, Panel to) {
    for (int k = 0; k < to.k(); k += Weight.Fp8.BLOCK) {
      long block = from.block(first + k);
      int lines = Math.min(Weight.Fp8.BLOCK, to.k() - k);
      for (int column = 0; column < Panel.COLUMNS; column += LENGTH) {
        var scale = FloatVector.fromMemorySegment(FLOATS, from.data(), block + column * 4L, LE);
        for (int i = 0; i < lines; i++) {
          long group = (long) i / Fp8Panel.GROUP * QuantizedPanel.GROUP_BYTES;
          long at = block + Fp8Panel.SCALE_BYTES + group + column * 4L;
          var code =
              IntVector.fromMemorySegment(INTS, from.data(), at, LE)
                  .lanewise(LSHR, i % Fp8Panel.GROUP * 8);
          var magnitude = code.and(0x7f);
          var bits = magnitude.lanewise(LSHL, 20).add(BIAS_8);
          var small = magnitude.compare(LT, 8);
          bits.add(ONE_EXPONENT, small)
              .reinterpretAsFloats()
              .sub(ONE_8, small.cast(FLOATS))
              .blend(Float.NaN, magnitude.eq(0x7f).cast(FLOATS))
              .reinterpretAsInts()
              .or(code.and(0x80).lanewise(LSHL, 24))
              .reinterpretAsFloats()
              .mul(scale)
              .intoMemorySegment(to.data(), to.offset() + (long) (k + i) * LINE + column * 4L, LE);
        }
      }
    }
  }
}
