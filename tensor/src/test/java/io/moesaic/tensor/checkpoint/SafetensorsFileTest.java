package io.moesaic.tensor.checkpoint;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moesaic.tensor.DType;
import io.moesaic.tensor.Refused;
import io.moesaic.tensor.Shape;
import io.moesaic.tensor.TestModels;
import io.moesaic.tensor.kernel.Randoms;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class SafetensorsFileTest {
  @TempDir private Path directory = Path.of(".");

  private Path write(String header, int dataBytes) throws IOException {
    var json = header.getBytes(StandardCharsets.UTF_8);
    var file = ByteBuffer.allocate(8 + json.length + dataBytes).order(ByteOrder.LITTLE_ENDIAN);
    file.putLong(json.length).put(json);
    for (int i = 0; i < dataBytes; i++) {
      file.put((byte) i);
    }
    var path = directory.resolve("t.safetensors");
    Files.write(path, file.array());
    return path;
  }

  @Test
  void readsTensorsByTheirByteRange() throws IOException {
    var path =
        write(
            "{\"__metadata__\":{\"format\":\"pt\"},"
                + "\"b\":{\"dtype\":\"F32\",\"shape\":[1,2],\"data_offsets\":[4,12]},"
                + "\"a\":{\"dtype\":\"U8\",\"shape\":[4],\"data_offsets\":[0,4]},"
                + "\"c\":{\"dtype\":\"F32\",\"shape\":[0,9],\"data_offsets\":[12,12]}}  ",
            12);
    try (var file = SafetensorsFile.open(path);
        var arena = Arena.ofConfined()) {
      assertEquals(
          Map.of(
              "b", new TensorInfo("b", DType.F32, Shape.of(1, 2), 4, 12),
              "a", new TensorInfo("a", DType.U8, Shape.of(4), 0, 4),
              "c", new TensorInfo("c", DType.F32, Shape.of(0, 9), 12, 12)),
          file.tensors());
      var b = file.map(new TensorInfo("b", DType.F32, Shape.of(1, 2), 4, 12), arena);
      assertEquals(Float.intBitsToFloat(0x07060504), b.getFloat(0));
      assertEquals(Float.intBitsToFloat(0x0b0a0908), b.getFloat(1));
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '\0',
      value = {
        "[]                                                                  | header is not a JSON"
            + " object",
        "{                                                                   | header is not JSON:"
            + " unexpected end at character 1",
        "{'t':3}                                                             | tensor \"t\" is not"
            + " described by a JSON object",
        "{'t':{'shape':[2],'data_offsets':[0,8]}}                            | tensor \"t\" has no"
            + " \"dtype\"",
        "{'t':{'dtype':'F31','shape':[2],'data_offsets':[0,8]}}              | tensor \"t\" has"
            + " dtype \"F31\", which is not known",
        "{'t':{'dtype':'F32','data_offsets':[0,8]}}                          | tensor \"t\" has no"
            + " \"shape\"",
        "{'t':{'dtype':'F32','shape':[-2],'data_offsets':[0,8]}}             | tensor \"t\" has a"
            + " \"shape\" with an item that is not an integer from 0 to 10^18 - 1",
        "{'t':{'dtype':'F32','shape':[1e1],'data_offsets':[0,8]}}            | tensor \"t\" has a"
            + " \"shape\" with an item that is not an integer from 0 to 10^18 - 1",
        "{'t':{'dtype':'F32','shape':[999999999999,999999999999],'data_offsets':[0,8]}} | tensor"
            + " \"t\" cannot have that many elements: shape [999999999999, 999999999999] has more"
            + " than 2^63 - 1 elements",
        "{'t':{'dtype':'F64','shape':[2000000000,2000000000],'data_offsets':[0,8]}} | tensor \"t\""
            + " is F64 [2000000000, 2000000000], which does not fill the 8 bytes of its"
            + " data_offsets [0, 8]",
        "{'t':{'dtype':'F32','shape':[2],'data_offsets':[0]}}                | tensor \"t\" has"
            + " data_offsets that are not [begin, end] with begin <= end",
        "{'t':{'dtype':'F32','shape':[2],'data_offsets':[8,0]}}              | tensor \"t\" has"
            + " data_offsets that are not [begin, end] with begin <= end",
        "{'t':{'dtype':'F32','shape':[3],'data_offsets':[0,8]}}              | tensor \"t\" is F32"
            + " [3], which does not fill the 8 bytes of its data_offsets [0, 8]",
        "{'t':{'dtype':'F32','shape':[4],'data_offsets':[0,16]}}             | tensor \"t\" ends at"
            + " byte 16 of the data, but the file holds only 8: it is truncated",
        "{'t':{'dtype':'F32','shape':[1],'data_offsets':[4,8]}}              | tensor \"t\" begins"
            + " at byte 4 of the data, but the tensor before it ends at byte 0",
        "{'t':{'dtype':'F32','shape':[2],'data_offsets':[0,8]},'u':{'dtype':'U8','shape':[4],'data_offsets':[4,8]}}"
            + " | tensor \"u\" begins at byte 4 of the data, but the tensor before it ends at byte"
            + " 8",
        "{'t':{'dtype':'U8','shape':[4],'data_offsets':[0,4]}}               | holds 8 bytes of"
            + " data, but its tensors end at byte 4",
        "{'t':{'dtype':'F32','shape':[2],'data_offsets':[0,8]},'t':{'dtype':'F32','shape':[2],'data_offsets':[0,8]}}"
            + " | header is not JSON: duplicate key \"t\" at character 54",
      })
  void refusesMalformedHeadersByName(String header, String problem) throws IOException {
    var path = write(header.replace('\'', '"'), 8);
    assertEquals(
        path + ": " + problem,
        Refused.with(CheckpointException.class, () -> SafetensorsFile.open(path)));
  }

  @Test
  void refusesHeaderLengthsOutOfBounds() throws IOException {
    var path = directory.resolve("t.safetensors");
    Files.write(path, new byte[7]);
    assertEquals(
        path + ": has 7 bytes, but a safetensors file has at least 8",
        Refused.with(CheckpointException.class, () -> SafetensorsFile.open(path)));
    Files.write(path, new byte[] {9, 0, 0, 0, 0, 0, 0, 0, '{', '}'});
    assertEquals(
        path + ": header length is 9 bytes, but only 2 follow",
        Refused.with(CheckpointException.class, () -> SafetensorsFile.open(path)));
    var huge = new byte[20];
    Arrays.fill(huge, (byte) -1);
    Files.write(path, huge);
    assertEquals(
        path
            + ": is no safetensors file: its header would have 18446744073709551615 bytes, but at"
            + " most 100000000 are allowed",
        Refused.with(CheckpointException.class, () -> SafetensorsFile.open(path)));
    Files.writeString(path, "# A text, which begins with no length\n");
    assertTrue(
        Refused.with(CheckpointException.class, () -> SafetensorsFile.open(path))
            .startsWith(path + ": is no safetensors file"));
    var missing = directory.resolve("missing");
    assertEquals(
        missing + ": no such file",
        Refused.with(CheckpointException.class, () -> SafetensorsFile.open(missing)));
  }

  /// Whatever the bytes, the outcome is a checked table of tensors or a [CheckpointException].
  @Test
  void survives100000MutatedHeaders() throws IOException {
    try (var arena = Arena.ofConfined()) {
      var random = new Randoms(arena);
      var original = Files.readAllBytes(TestModels.mixtral().resolve("model.safetensors"));
      int headerBytes = (int) ByteBuffer.wrap(original).order(ByteOrder.LITTLE_ENDIAN).getLong(0);
      var header = Arrays.copyOfRange(original, 8, 8 + headerBytes);
      int dataBytes = original.length - 8 - headerBytes;
      var path = Path.of("mutated");
      int accepted = 0;
      for (int i = 0; i < 100_000; i++) {
        var mutated = mutate(header, random);
        try {
          var tensors = SafetensorsFile.tensors(path, mutated, dataBytes);
          long end = 0;
          for (var tensor : tensors.values()) {
            assertTrue(tensor.begin() >= 0 && tensor.end() <= dataBytes, random.seed());
            end = Math.max(end, tensor.end());
          }
          assertEquals(dataBytes, end, random.seed());
          accepted++;
        } catch (CheckpointException e) {
          var message = String.valueOf(e.getMessage());
          assertTrue(message.startsWith("mutated: "), random.seed());
          assertTrue(message.length() < 1000, message);
        }
      }
      // A flipped letter of a name is a valid header: some must pass, most must not.
      assertTrue(accepted > 100 && accepted < 60_000, accepted + " accepted, " + random.seed());
    }
  }

  @Test
  void survivesMutatedAndTruncatedFiles() throws IOException {
    try (var arena = Arena.ofConfined()) {
      var random = new Randoms(arena);
      var original = Files.readAllBytes(TestModels.mixtral().resolve("model.safetensors"));
      var path = directory.resolve("mutated.safetensors");
      for (int i = 0; i < 500; i++) {
        var mutated = original.clone();
        for (int j = random.between(1, 3); j > 0; j--) {
          mutated[random.between(0, 15)] = (byte) random.between(0, 255);
        }
        Files.write(path, Arrays.copyOf(mutated, random.between(0, original.length)));
        assertThrows(
            CheckpointException.class, () -> SafetensorsFile.open(path).close(), random::seed);
      }
    }
  }

  private static byte[] mutate(byte[] original, Randoms random) {
    var bytes = original.clone();
    int at = random.between(0, bytes.length - 1);
    switch (random.between(0, 4)) {
      case 0 -> bytes[at] = (byte) random.between(0, 255);
      case 1 -> bytes[at] ^= (byte) (1 << random.between(0, 7));
      case 2 -> bytes[at] = (byte) "0123456789{}[]\",:-.e".charAt(random.between(0, 19));
      case 3 -> {
        int length = Math.min(random.between(1, 40), bytes.length - at);
        int from = random.between(0, bytes.length - length);
        System.arraycopy(original, from, bytes, at, length);
      }
      default -> bytes = Arrays.copyOf(bytes, at);
    }
    return bytes;
  }
}
