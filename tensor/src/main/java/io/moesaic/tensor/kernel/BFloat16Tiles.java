package io.moesaic.tensor.kernel;

import static io.moesaic.tensor.kernel.VectorKernels.BYTES;
import static io.moesaic.tensor.kernel.VectorKernels.FLOATS;
import static io.moesaic.tensor.kernel.VectorKernels.INTS;
import static io.moesaic.tensor.kernel.VectorKernels.LENGTH;
import static jdk.incubator.vector.VectorOperators.LSHL;

import io.moesaic.tensor.DType;
import java.lang.foreign.MemorySegment;
import java.nio.ByteOrder;
import jdk.incubator.vector.FloatVector;
import jdk.incubator.vector.IntVector;

/// Micro-kernels over bfloat16 panels: as [FloatTiles], but each vector of lanes that is read gives
/// two vectors of weights, 32 output columns apart.
final class BFloat16Tiles {
  private static final ByteOrder LE = ByteOrder.LITTLE_ENDIAN;
  private static final int LINE = Panel.lineBytes(DType.BF16);
  private static final IntVector UPPER_HALF = IntVector.broadcast(INTS, 0xffff0000);

  private BFloat16Tiles() {}

  /// 4 rows x 4 vectors: 16 accumulators, for machines with 32 vector registers.
  ///
  /// @param rows 1 to 4; the missing rows repeat the last one, computing and storing the same
  ///     values again
  static void tile4x4(
      MemorySegment w,
      long first,
      int k,
      float[] a,
      int a0,
      int aStride,
      float[] c,
      int c0,
      int cStride,
      int rows) {
    int a1 = rows > 1 ? a0 + aStride : a0;
    int a2 = rows > 2 ? a1 + aStride : a1;
    int a3 = rows > 3 ? a2 + aStride : a2;
    int c1 = rows > 1 ? c0 + cStride : c0;
    int c2 = rows > 2 ? c1 + cStride : c1;
    int c3 = rows > 3 ? c2 + cStride : c2;
    var s00 = FloatVector.fromArray(FLOATS, c, c0);
    var s01 = FloatVector.fromArray(FLOATS, c, c0 + LENGTH);
    var s02 = FloatVector.fromArray(FLOATS, c, c0 + Panel.PAIRED);
    var s03 = FloatVector.fromArray(FLOATS, c, c0 + LENGTH + Panel.PAIRED);
    var s10 = FloatVector.fromArray(FLOATS, c, c1);
    var s11 = FloatVector.fromArray(FLOATS, c, c1 + LENGTH);
    var s12 = FloatVector.fromArray(FLOATS, c, c1 + Panel.PAIRED);
    var s13 = FloatVector.fromArray(FLOATS, c, c1 + LENGTH + Panel.PAIRED);
    var s20 = FloatVector.fromArray(FLOATS, c, c2);
    var s21 = FloatVector.fromArray(FLOATS, c, c2 + LENGTH);
    var s22 = FloatVector.fromArray(FLOATS, c, c2 + Panel.PAIRED);
    var s23 = FloatVector.fromArray(FLOATS, c, c2 + LENGTH + Panel.PAIRED);
    var s30 = FloatVector.fromArray(FLOATS, c, c3);
    var s31 = FloatVector.fromArray(FLOATS, c, c3 + LENGTH);
    var s32 = FloatVector.fromArray(FLOATS, c, c3 + Panel.PAIRED);
    var s33 = FloatVector.fromArray(FLOATS, c, c3 + LENGTH + Panel.PAIRED);
    for (int i = 0; i < k; i++) {
      long line = first + (long) i * LINE;
      var pair0 = IntVector.fromMemorySegment(INTS, w, line, LE);
      var pair1 = IntVector.fromMemorySegment(INTS, w, line + BYTES, LE);
      var w0 = pair0.lanewise(LSHL, 16).reinterpretAsFloats();
      var w1 = pair1.lanewise(LSHL, 16).reinterpretAsFloats();
      var w2 = pair0.and(UPPER_HALF).reinterpretAsFloats();
      var w3 = pair1.and(UPPER_HALF).reinterpretAsFloats();
      var x0 = FloatVector.broadcast(FLOATS, a[a0 + i]);
      s00 = w0.fma(x0, s00);
      s01 = w1.fma(x0, s01);
      s02 = w2.fma(x0, s02);
      s03 = w3.fma(x0, s03);
      var x1 = FloatVector.broadcast(FLOATS, a[a1 + i]);
      s10 = w0.fma(x1, s10);
      s11 = w1.fma(x1, s11);
      s12 = w2.fma(x1, s12);
      s13 = w3.fma(x1, s13);
      var x2 = FloatVector.broadcast(FLOATS, a[a2 + i]);
      s20 = w0.fma(x2, s20);
      s21 = w1.fma(x2, s21);
      s22 = w2.fma(x2, s22);
      s23 = w3.fma(x2, s23);
      var x3 = FloatVector.broadcast(FLOATS, a[a3 + i]);
      s30 = w0.fma(x3, s30);
      s31 = w1.fma(x3, s31);
      s32 = w2.fma(x3, s32);
      s33 = w3.fma(x3, s33);
    }
    s00.intoArray(c, c0);
    s01.intoArray(c, c0 + LENGTH);
    s02.intoArray(c, c0 + Panel.PAIRED);
    s03.intoArray(c, c0 + LENGTH + Panel.PAIRED);
    s10.intoArray(c, c1);
    s11.intoArray(c, c1 + LENGTH);
    s12.intoArray(c, c1 + Panel.PAIRED);
    s13.intoArray(c, c1 + LENGTH + Panel.PAIRED);
    s20.intoArray(c, c2);
    s21.intoArray(c, c2 + LENGTH);
    s22.intoArray(c, c2 + Panel.PAIRED);
    s23.intoArray(c, c2 + LENGTH + Panel.PAIRED);
    s30.intoArray(c, c3);
    s31.intoArray(c, c3 + LENGTH);
    s32.intoArray(c, c3 + Panel.PAIRED);
    s33.intoArray(c, c3 + LENGTH + Panel.PAIRED);
  }

  /// 4 rows x 2 vectors: 8 accumulators, for machines with 16 vector registers.
  ///
  /// @param rows 1 to 4; the missing rows repeat the last one, computing and storing the same
  ///     values again
  static void tile4x2(
      MemorySegment w,
      long first,
      int k,
      float[] a,
      int a0,
      int aStride,
      float[] c,
      int c0,
      int cStride,
      int rows) {
    int a1 = rows > 1 ? a0 + aStride : a0;
    int a2 = rows > 2 ? a1 + aStride : a1;
    int a3 = rows > 3 ? a2 + aStride : a2;
    int c1 = rows > 1 ? c0 + cStride : c0;
    int c2 = rows > 2 ? c1 + cStride : c1;
    int c3 = rows > 3 ? c2 + cStride : c2;
    var s00 = FloatVector.fromArray(FLOATS, c, c0);
    var s01 = FloatVector.fromArray(FLOATS, c, c0 + Panel.PAIRED);
    var s10 = FloatVector.fromArray(FLOATS, c, c1);
    var s11 = FloatVector.fromArray(FLOATS, c, c1 + Panel.PAIRED);
    var s20 = FloatVector.fromArray(FLOATS, c, c2);
    var s21 = FloatVector.fromArray(FLOATS, c, c2 + Panel.PAIRED);
    var s30 = FloatVector.fromArray(FLOATS, c, c3);
    var s31 = FloatVector.fromArray(FLOATS, c, c3 + Panel.PAIRED);
    for (int i = 0; i < k; i++) {
      long line = first + (long) i * LINE;
      var pair0 = IntVector.fromMemorySegment(INTS, w, line, LE);
      var w0 = pair0.lanewise(LSHL, 16).reinterpretAsFloats();
      var w1 = pair0.and(UPPER_HALF).reinterpretAsFloats();
      var x0 = FloatVector.broadcast(FLOATS, a[a0 + i]);
      s00 = w0.fma(x0, s00);
      s01 = w1.fma(x0, s01);
      var x1 = FloatVector.broadcast(FLOATS, a[a1 + i]);
      s10 = w0.fma(x1, s10);
      s11 = w1.fma(x1, s11);
      var x2 = FloatVector.broadcast(FLOATS, a[a2 + i]);
      s20 = w0.fma(x2, s20);
      s21 = w1.fma(x2, s21);
      var x3 = FloatVector.broadcast(FLOATS, a[a3 + i]);
      s30 = w0.fma(x3, s30);
      s31 = w1.fma(x3, s31);
    }
    s00.intoArray(c, c0);
    s01.intoArray(c, c0 + Panel.PAIRED);
    s10.intoArray(c, c1);
    s11.intoArray(c, c1 + Panel.PAIRED);
    s20.intoArray(c, c2);
    s21.intoArray(c, c2 + Panel.PAIRED);
    s30.intoArray(c, c3);
    s31.intoArray(c, c3 + Panel.PAIRED);
  }

  /// 1 row x 4 vectors: the memory sets the pace, not the arithmetic.
  static void tile1x4(MemorySegment w, long line, long end, float[] a, int a0, float[] c, int c0) {
    var s00 = FloatVector.fromArray(FLOATS, c, c0);
    var s01 = FloatVector.fromArray(FLOATS, c, c0 + LENGTH);
    var s02 = FloatVector.fromArray(FLOATS, c, c0 + Panel.PAIRED);
    var s03 = FloatVector.fromArray(FLOATS, c, c0 + LENGTH + Panel.PAIRED);
    for (; line < end; line += LINE, a0++) {
      var pair0 = IntVector.fromMemorySegment(INTS, w, line, LE);
      var pair1 = IntVector.fromMemorySegment(INTS, w, line + BYTES, LE);
      var w0 = pair0.lanewise(LSHL, 16).reinterpretAsFloats();
      var w1 = pair1.lanewise(LSHL, 16).reinterpretAsFloats();
      var w2 = pair0.and(UPPER_HALF).reinterpretAsFloats();
      var w3 = pair1.and(UPPER_HALF).reinterpretAsFloats();
      var x0 = FloatVector.broadcast(FLOATS, a[a0]);
      s00 = w0.fma(x0, s00);
      s01 = w1.fma(x0, s01);
      s02 = w2.fma(x0, s02);
      s03 = w3.fma(x0, s03);
    }
    s00.intoArray(c, c0);
    s01.intoArray(c, c0 + LENGTH);
    s02.intoArray(c, c0 + Panel.PAIRED);
    s03.intoArray(c, c0 + LENGTH + Panel.PAIRED);
  }
}
