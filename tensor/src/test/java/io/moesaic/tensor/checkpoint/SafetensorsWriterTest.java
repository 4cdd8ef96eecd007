package io.moesaic.tensor.checkpoint;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.moesaic.tensor.DType;
import io.moesaic.tensor.Refused;
import io.moesaic.tensor.Shape;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SafetensorsWriterTest {
  @TempDir private Path directory = Path.of(".");

  private static SafetensorsWriter twoTensors() {
    return new SafetensorsWriter()
        .add("gate.weight", Shape.of(2, 3), new float[] {1, -2, 3.5f, -0f, Float.NaN, 1e-42f})
        .add("gate.bias", Shape.of(2), new float[] {7, 8});
  }

  private static void assertHolds(Path file, String name, float... expected) {
    try (var checkpoint = Checkpoint.openFile(file);
        var arena = Arena.ofConfined()) {
      var tensor = checkpoint.map(name, arena);
      assertEquals(expected.length, tensor.shape().elements());
      for (int i = 0; i < expected.length; i++) {
        // By bits: a zero keeps its sign, a NaN its payload.
        assertEquals(
            Float.floatToRawIntBits(expected[i]),
            Float.floatToRawIntBits(tensor.getFloat(i)),
            name + " at " + i);
      }
    }
  }

  @Test
  void whatIsWrittenIsReadBackToTheBit() {
    var file = directory.resolve("t.safetensors");
    twoTensors().write(file);
    try (var read = SafetensorsFile.open(file)) {
      assertEquals(
          List.of(
              new TensorInfo("gate.weight", DType.F32, Shape.of(2, 3), 0, 24),
              new TensorInfo("gate.bias", DType.F32, Shape.of(2), 24, 32)),
          List.copyOf(read.tensors().values()));
    }
    assertHolds(file, "gate.weight", 1, -2, 3.5f, -0f, Float.NaN, 1e-42f);
    assertHolds(file, "gate.bias", 7, 8);
  }

  @Test
  void tensorsLargerThanAChunkEmptyOnesAndScalarsAreWrittenToo() {
    var file = directory.resolve("t.safetensors");
    var random = new SplittableRandom(11);
    var large = new float[200_001];
    for (int i = 0; i < large.length; i++) {
      large[i] = (float) random.nextGaussian();
    }
    new SafetensorsWriter()
        .add("large", Shape.of(large.length), large)
        .add("empty", Shape.of(0, 9), new float[0])
        .add("scalar", Shape.of(), new float[] {3})
        .write(file);
    assertHolds(file, "large", large);
    assertHolds(file, "empty");
    assertHolds(file, "scalar", 3);
  }

  @Test
  void dataBeginOnAMultipleOfEightBytesHoweverLongTheHeaderIs() throws IOException {
    var file = directory.resolve("t.safetensors");
    for (int length = 1; length <= 16; length++) {
      new SafetensorsWriter()
          .add("n".repeat(length), Shape.of(1), new float[] {length})
          .write(file);
      var start = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
      assertEquals(0, start.getLong() % 8, "name of " + length + " characters");
      assertHolds(file, "n".repeat(length), length);
    }
  }

  @Test
  void theSameTensorsGiveTheSameBytesAlsoOverALongerFile() throws IOException {
    var first = directory.resolve("first.safetensors");
    var second = directory.resolve("second.safetensors");
    Files.write(second, new byte[10_000]);
    twoTensors().write(first);
    twoTensors().write(second);
    assertArrayEquals(Files.readAllBytes(first), Files.readAllBytes(second));
  }

  @Test
  void laterChangesOfTheArrayAreNotWritten() {
    var file = directory.resolve("t.safetensors");
    var values = new float[] {1};
    var writer = new SafetensorsWriter().add("t", Shape.of(1), values);
    values[0] = 2;
    writer.write(file);
    assertHolds(file, "t", 1);
  }

  private static String refusal(String name, Shape shape, float... values) {
    return Refused.with(
        IllegalArgumentException.class, () -> twoTensors().add(name, shape, values));
  }

  @Test
  void refusesWhatTheFormatCannotHold() {
    assertEquals(
        "tensor \"t\" of shape [2, 2] needs 4 values, got 3",
        refusal("t", Shape.of(2, 2), 1, 2, 3));
    assertEquals("tensor \"gate.bias\" was added before", refusal("gate.bias", Shape.of(1), 1));
    for (var name : List.of("", "a\"b", "a\\b", "a\nb", "\u00e9", "__metadata__")) {
      assertEquals(
          ("tensor name \"%s\" must be 1 to 200 printable ASCII characters without \" and \\,"
                  + " and not __metadata__")
              .formatted(name),
          refusal(name, Shape.of(1), 1));
    }
  }

  @Test
  void tellsWhereItCannotWrite() {
    var file = directory.resolve("missing").resolve("t.safetensors");
    assertEquals(
        file + ": cannot be written: " + file,
        Refused.with(CheckpointException.class, () -> twoTensors().write(file)));
  }
}
