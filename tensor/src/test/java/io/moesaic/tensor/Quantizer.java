package io.moesaic.tensor;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;

/// Rounds weights to the quantized forms of checkpoints, the plain way: of all codes the nearest.
public final class Quantizer {
  private Quantizer() {}

  /// @param weight of which 32 divides the inputs
  public static Weight.Mxfp4 mxfp4(String name, Weight weight) {
    int blocks = weight.inputs() / Float4.BLOCK;
    var codes = new byte[weight.outputs() * blocks * Float4.BLOCK_BYTES];
    var scales = new byte[weight.outputs() * blocks];
    for (int i = 0; i < scales.length; i++) {
      int row = i / blocks;
      int from = i % blocks * Float4.BLOCK;
      float largest = 0;
      for (int k = 0; k < Float4.BLOCK; k++) {
        largest = Math.max(largest, Math.abs(weight.get(row, from + k)));
      }
      // The largest magnitude of a code is 6, whose own exponent is 2.
      int exponent = largest == 0 ? 0 : Math.clamp(Math.getExponent(largest) - 2L + 127, 0, 254);
      scales[i] = (byte) exponent;
      for (int k = 0; k < Float4.BLOCK; k++) {
        int code = nearest(weight.get(row, from + k), Float4.scale(exponent));
        codes[i * Float4.BLOCK_BYTES + k / 2] |= (byte) (k % 2 == 0 ? code : code << 4);
      }
    }
    return new Weight.Mxfp4(
        tensor(name + "_blocks", DType.U8, codes, weight.outputs(), blocks, Float4.BLOCK_BYTES),
        tensor(name + "_scales", DType.U8, scales, weight.outputs(), blocks));
  }

  private static int nearest(float value, float scale) {
    int best = 0;
    for (int code = 1; code < 16; code++) {
      if (Math.abs(Float4.value(code) * scale - value)
          < Math.abs(Float4.value(best) * scale - value)) {
        best = code;
      }
    }
    return best;
  }

  public static Weight.Fp8 fp8(String name, Weight weight) {
    int block = Weight.Fp8.BLOCK;
    int rows = weight.outputs();
    int columns = weight.inputs();
    int blocksOfRows = Math.ceilDiv(rows, block);
    int blocksOfColumns = Math.ceilDiv(columns, block);
    var largest = new float[blocksOfRows * blocksOfColumns];
    for (int row = 0; row < rows; row++) {
      for (int k = 0; k < columns; k++) {
        int at = row / block * blocksOfColumns + k / block;
        largest[at] = Math.max(largest[at], Math.abs(weight.get(row, k)));
      }
    }
    var scales = ByteBuffer.allocate(largest.length * 4).order(ByteOrder.LITTLE_ENDIAN);
    for (float value : largest) {
      scales.putFloat(value == 0 ? 1 : value / Float8.widen((byte) 0x7e));
    }
    var values = new byte[rows * columns];
    for (int row = 0; row < rows; row++) {
      for (int k = 0; k < columns; k++) {
        float scale = scales.getFloat((row / block * blocksOfColumns + k / block) * 4);
        values[row * columns + k] = nearest8(weight.get(row, k), scale);
      }
    }
    return new Weight.Fp8(
        tensor(name, DType.F8_E4M3, values, rows, columns),
        tensor(name + "_scale_inv", DType.F32, scales.array(), blocksOfRows, blocksOfColumns));
  }

  private static byte nearest8(float value, float scale) {
    int best = 0;
    for (int code = 1; code < 256; code++) {
      // A distance to NaN is never the smaller one.
      if (Math.abs(Float8.widen((byte) code) * scale - value)
          < Math.abs(Float8.widen((byte) best) * scale - value)) {
        best = code;
      }
    }
    return (byte) best;
  }

  /// The weights as float32, `[outputs, inputs]`.
  public static Tensor widened(String name, Weight weight) {
    var values = ByteBuffer.allocate(weight.outputs() * weight.inputs() * 4);
    values.order(ByteOrder.LITTLE_ENDIAN);
    for (int n = 0; n < weight.outputs(); n++) {
      for (int k = 0; k < weight.inputs(); k++) {
        values.putFloat(weight.get(n, k));
      }
    }
    return tensor(name, DType.F32, values.array(), weight.outputs(), weight.inputs());
  }

  private static Tensor tensor(String name, DType dtype, byte[] data, long... dims) {
    return new Tensor(name, dtype, Shape.of(dims), MemorySegment.ofArray(data));
  }
}
