package io.moesaic.tensor.checkpoint;

import static java.nio.charset.StandardCharsets.US_ASCII;

import io.moesaic.tensor.DType;
import io.moesaic.tensor.Shape;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.stream.Collectors;

/// Writes float32 tensors into one safetensors file, in the order in which they were added.
/// The same tensors give the same bytes. The layout is drawn in [SafetensorsFile], which reads it.
///
/// Not safe for concurrent use.
public final class SafetensorsWriter {
  /// The data begin on a multiple of this many bytes; the header is padded with spaces up to it.
  private static final int ALIGNMENT = 8;

  /// What goes into the header as it is, without escapes.
  private static final String NAME = "[ -~&&[^\"\\\\]]{1,200}";

  /// A key of the header that is not a tensor.
  private static final String METADATA = "__metadata__";

  private final Map<String, Entry> entries = new LinkedHashMap<>();
  private long dataBytes;

  private record Entry(TensorInfo info, float[] values) {
    String described() {
      return "\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
          .formatted(
              info.name(),
              info.dtype(),
              info.shape().toString().replace(" ", ""),
              info.begin(),
              info.end());
    }
  }

  /// Adds a copy of a tensor after those added before.
  ///
  /// @param name printable ASCII without quotes and backslashes, not used before
  /// @param values the elements, row-major, as many as the shape has
  public SafetensorsWriter add(String name, Shape shape, float[] values) {
    if (!name.matches(NAME) || name.equals(METADATA)) {
      throw new IllegalArgumentException(
          ("tensor name \"%s\" must be 1 to 200 printable ASCII characters without \" and \\,"
                  + " and not %s")
              .formatted(CheckpointException.abbreviated(name), METADATA));
    }
    if (shape.elements() != values.length) {
      throw new IllegalArgumentException(
          "tensor \"%s\" of shape %s needs %d values, got %d"
              .formatted(name, shape, shape.elements(), values.length));
    }
    if (entries.containsKey(name)) {
      throw new IllegalArgumentException("tensor \"" + name + "\" was added before");
    }
    long end = dataBytes + (long) values.length * Float.BYTES;
    entries.put(
        name, new Entry(new TensorInfo(name, DType.F32, shape, dataBytes, end), values.clone()));
    dataBytes = end;
    return this;
  }

  /// Writes the file, in place of whatever was there.
  ///
  /// @throws CheckpointException when it cannot be written
  public void write(Path file) {
    var header = header();
    if (header.length > SafetensorsFile.MAX_HEADER_BYTES) {
      throw new CheckpointException(
          file,
          "needs a header of %d bytes for its %d tensors, at most %d are allowed: write two files"
              .formatted(header.length, entries.size(), SafetensorsFile.MAX_HEADER_BYTES));
    }
    try (var channel =
        FileChannel.open(
            file,
            StandardOpenOption.CREATE,
            StandardOpenOption.TRUNCATE_EXISTING,
            StandardOpenOption.WRITE)) {
      writeFully(channel, littleEndian(Long.BYTES).putLong(header.length).flip());
      writeFully(channel, ByteBuffer.wrap(header));
      for (var entry : entries.values()) {
        write(channel, entry.values());
      }
    } catch (IOException e) {
      throw new CheckpointException(file, "cannot be written: " + e.getMessage(), e);
    }
  }

  private byte[] header() {
    var json =
        entries.values().stream().map(Entry::described).collect(Collectors.joining(",", "{", "}"));
    // Before it go the eight bytes of its length, which keep the alignment.
    return json.concat(" ".repeat(Math.floorMod(-json.length(), ALIGNMENT))).getBytes(US_ASCII);
  }

  private static void write(FileChannel channel, float[] values) throws IOException {
    int chunk = 1 << 16;
    for (int from = 0; from < values.length; from += chunk) {
      int count = Math.min(chunk, values.length - from);
      var bytes = littleEndian(count * Float.BYTES);
      bytes.asFloatBuffer().put(values, from, count);
      writeFully(channel, bytes);
    }
  }

  private static ByteBuffer littleEndian(int bytes) {
    return ByteBuffer.allocate(bytes).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static void writeFully(FileChannel channel, ByteBuffer bytes) throws IOException {
    while (bytes.hasRemaining()) {
      channel.write(bytes);
    }
  }
}
