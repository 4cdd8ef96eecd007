package io.moesaic.tensor.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moesaic.tensor.DType;
import io.moesaic.tensor.Float4;
import io.moesaic.tensor.Float8;
import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.Quantizer;
import io.moesaic.tensor.Refused;
import io.moesaic.tensor.Shape;
import io.moesaic.tensor.Tensor;
import io.moesaic.tensor.Weight;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Products with quantized weights against products with the same weights widened beforehand, by
/// equality of bits.
class QuantizedTwinsTest {
  private final Arena arena = Arena.ofShared();
  private final Randoms random = new Randoms(arena);
  private final Compute scalar = new Compute(Kernels.scalar(), new ComputePool(1, "scalar"));
  private final Compute vector = new Compute(new VectorKernels(), new ComputePool(2, "vector"));

  @AfterEach
  void free() {
    scalar.close();
    vector.close();
    arena.close();
  }

  private Weight random(int outputs, int inputs) {
    return Weight.of(random.weight(DType.F32, outputs, inputs));
  }

  private void assertProductsAgree(Weight... weights) {
    var packed = PackedMatrix.pack(arena, weights);
    var widened = new Weight[weights.length];
    for (int i = 0; i < weights.length; i++) {
      widened[i] = Weight.of(Quantizer.widened("widened", weights[i]));
    }
    var plain = PackedMatrix.pack(arena, widened);
    for (int rows : new int[] {1, 2, 7, 67}) {
      var x = random.matrix(rows, packed.inputs());
      var expected = Matrix.allocate(rows, packed.outputs());
      scalar.multiply(x, plain, expected);
      for (var compute : List.of(scalar, vector)) {
        var actual = Matrix.allocate(rows, packed.outputs());
        compute.multiply(x, packed, actual);
        Bits.assertSame(
            expected,
            actual,
            () ->
                "%s M=%d N=%d K=%d %s"
                    .formatted(
                        compute.kernels().describe(),
                        x.rows(),
                        packed.outputs(),
                        packed.inputs(),
                        random.seed()));
      }
    }
  }

  @ParameterizedTest
  @ValueSource(ints = {32, 64, 96, 128, 160, 288, 1056})
  void mxfp4ProductsHaveTheBitsOfWidenedOnes(int inputs) {
    assertProductsAgree(Quantizer.mxfp4("w", random(random.between(1, 150), inputs)));
  }

  @ParameterizedTest
  @ValueSource(ints = {1, 3, 4, 5, 31, 127, 128, 129, 257, 1030})
  void fp8ProductsHaveTheBitsOfWidenedOnes(int inputs) {
    assertProductsAgree(Quantizer.fp8("w", random(random.between(1, 150), inputs)));
  }

  @Test
  void rowsOfAMatrixAreAMatrix() {
    var mxfp4 = Quantizer.mxfp4("w", random(150, 64));
    assertProductsAgree(mxfp4.rows(1, 2, 75));
    var fp8 = Quantizer.fp8("w", random(300, 200));
    assertProductsAgree(fp8.rows(70, 1, 140), fp8.rows(0, 3, 100));
    assertEquals(fp8.get(70 + 99, 5), fp8.rows(70, 1, 140).rows(1, 2, 70).get(49, 5));
  }

  @Test
  void everyCodeIsWidenedAlike() {
    var codes = new byte[256 * Float4.BLOCK_BYTES];
    var exponents = new byte[256];
    for (int row = 0; row < 256; row++) {
      exponents[row] = (byte) row;
      for (int i = 0; i < Float4.BLOCK_BYTES; i++) {
        codes[row * Float4.BLOCK_BYTES + i] = (byte) (i + 16 * ((i + 5) % 16));
      }
    }
    assertWidenedAlike(
        new Weight.Mxfp4(
            new Tensor("c", DType.U8, Shape.of(256, 1, 16), MemorySegment.ofArray(codes)),
            new Tensor("s", DType.U8, Shape.of(256, 1), MemorySegment.ofArray(exponents))));
    var bytes = new byte[64 * 256];
    for (int i = 0; i < bytes.length; i++) {
      bytes[i] = (byte) i;
    }
    var scales = random.weight(DType.BF16, 1, 2);
    assertWidenedAlike(
        new Weight.Fp8(
            new Tensor("v", DType.F8_E4M3, Shape.of(64, 256), MemorySegment.ofArray(bytes)),
            scales));
  }

  private void assertWidenedAlike(Weight weight) {
    var packed = PackedMatrix.pack(arena, weight);
    int k = Math.min(weight.inputs(), 128);
    var memory = arena.allocate(Panel.bytes(DType.F32, k), 64);
    var lines = new Panel(memory, 0, DType.F32, k);
    for (int p = 0; p < packed.panels(); p++) {
      for (int first = 0; first < weight.inputs(); first += k) {
        for (var kernels : List.of(scalar.kernels(), vector.kernels())) {
          memory.fill((byte) 0x55);
          kernels.widen((QuantizedPanel) packed.panel(p), first, lines);
          for (int n = 0; n < Panel.COLUMNS; n++) {
            for (int i = 0; i < k; i++) {
              int output = p * Panel.COLUMNS + n;
              int input = first + i;
              float expected = weight.get(output, input);
              assertEquals(
                  Float.floatToIntBits(expected),
                  Float.floatToIntBits(lines.get(i, n)),
                  () -> "[%d, %d] %s".formatted(output, input, expected));
            }
          }
        }
      }
    }
  }

  @Test
  void codesStandForWhatTheirFormatsSay() {
    float[] values = {0, .5f, 1, 1.5f, 2, 3, 4, 6, -0f, -.5f, -1, -1.5f, -2, -3, -4, -6};
    for (int code = 0; code < 16; code++) {
      assertEquals(values[code], Float4.value(code));
    }
    assertEquals(1, Float4.scale(127));
    assertEquals(0x1p-127f, Float4.scale(0));
    assertEquals(0x1p-126f, Float4.scale(1));
    assertEquals(0x1p127f, Float4.scale(254));
    assertEquals(1, Float8.widen((byte) 0x38));
    assertEquals(1.125f, Float8.widen((byte) 0x39));
    assertEquals(448, Float8.widen((byte) 0x7e));
    assertEquals(-448, Float8.widen((byte) 0xfe));
    assertEquals(0x1p-9f, Float8.widen((byte) 0x01));
    assertEquals(0x1p-6f, Float8.widen((byte) 0x08));
    assertEquals(-0f, Float8.widen((byte) 0x80));
    assertTrue(Float.isNaN(Float8.widen((byte) 0x7f)));
    assertTrue(Float.isNaN(Float8.widen((byte) 0xff)));
  }

  @Test
  void aByteHoldsTwoCodesTheFirstInItsLowerHalf() {
    var codes = new byte[2 * 2 * Float4.BLOCK_BYTES];
    codes[0] = 0x21;
    codes[3 * Float4.BLOCK_BYTES + 15] = (byte) 0xf7;
    var scales = new byte[] {127, 127, 127, (byte) 129};
    var weight =
        new Weight.Mxfp4(
            new Tensor("c", DType.U8, Shape.of(2, 2, 16), MemorySegment.ofArray(codes)),
            new Tensor("s", DType.U8, Shape.of(2, 2), MemorySegment.ofArray(scales)));
    assertEquals(0.5f, weight.get(0, 0));
    assertEquals(1f, weight.get(0, 1));
    assertEquals(0f, weight.get(0, 2));
    assertEquals(4 * 6f, weight.get(1, 62));
    assertEquals(4 * -6f, weight.get(1, 63));
  }

  @Test
  void aScaleCoversABlockOf128OutputsAndInputs() {
    var values = new byte[130 * 129];
    Arrays.fill(values, (byte) 0x38);
    var scales = Matrix.allocate(1, 4);
    for (int i = 0; i < 4; i++) {
      scales.set(0, i, i + 2);
    }
    var memory = arena.allocate(16);
    scales.writeRow(0, memory, 0);
    var weight =
        new Weight.Fp8(
            new Tensor("v", DType.F8_E4M3, Shape.of(130, 129), MemorySegment.ofArray(values)),
            new Tensor("s", DType.F32, Shape.of(2, 2), memory));
    assertEquals(2, weight.get(127, 127));
    assertEquals(3, weight.get(127, 128));
    assertEquals(4, weight.get(128, 127));
    assertEquals(5, weight.get(129, 128));
  }

  @Test
  void quantizedWeightsStaySmall() {
    var weight = random(128, 256);
    assertEquals(
        128 * 256 / 2 + 128 * 256 / 32,
        PackedMatrix.pack(arena, Quantizer.mxfp4("w", weight)).bytes());
    assertEquals(
        128 * 256 + 128 * 2 * 4, PackedMatrix.pack(arena, Quantizer.fp8("w", weight)).bytes());
  }

  @Test
  void weightsOfDifferentEncodingsAreNotPackedTogether() {
    var plain = random(2, 32);
    assertEquals(
        "cannot pack \"w_blocks\", MXFP4 of 32 inputs, below \"w\", F32 of 32 inputs",
        Refused.with(
            IllegalArgumentException.class,
            () -> PackedMatrix.pack(arena, plain, Quantizer.mxfp4("w", plain))));
  }
}
