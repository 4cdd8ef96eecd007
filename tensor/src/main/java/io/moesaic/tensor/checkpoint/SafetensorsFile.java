package io.moesaic.tensor.checkpoint;

import static io.moesaic.tensor.checkpoint.CheckpointException.abbreviated;

import io.moesaic.tensor.DType;
import io.moesaic.tensor.Shape;
import io.moesaic.tensor.Tensor;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// One safetensors file: its header, checked as a whole when the file is opened, and its tensors,
/// mapped one by one when asked for.
///
/// ```
///   0          8                 8 + n                                    file size
///   | n: u64   | header, n bytes | tensor | tensor | ...         | tensor |
///                of JSON           data_offsets count from here
/// ```
/// As in the reference implementation, the tensors must follow each other without gap or overlap up
/// to the end of the file, so a truncated file is found before anything is loaded. Safe for
/// concurrent use.
final class SafetensorsFile implements AutoCloseable {
  /// The bound of the reference implementation.
  static final int MAX_HEADER_BYTES = 100_000_000;

  private static final String METADATA = "__metadata__";

  private final Path path;
  private final FileChannel channel;
  private final long dataStart;
  private final Map<String, TensorInfo> tensors;

  private SafetensorsFile(
      Path path, FileChannel channel, long dataStart, Map<String, TensorInfo> tensors) {
    this.path = path;
    this.channel = channel;
    this.dataStart = dataStart;
    this.tensors = tensors;
  }

  /// @throws CheckpointException when the file is missing or malformed
  static SafetensorsFile open(Path path) {
    try {
      var channel = FileChannel.open(path, StandardOpenOption.READ);
      try {
        long size = channel.size();
        var header = readHeader(path, channel, size);
        long dataStart = 8 + (long) header.length;
        return new SafetensorsFile(
            path, channel, dataStart, tensors(path, header, size - dataStart));
      } catch (IOException | RuntimeException e) {
        channel.close();
        throw e;
      }
    } catch (NoSuchFileException _) {
      throw new CheckpointException(path, "no such file");
    } catch (IOException e) {
      throw new CheckpointException(path, "cannot be read: " + e.getMessage(), e);
    }
  }

  private static byte[] readHeader(Path path, FileChannel channel, long size) throws IOException {
    if (size < 8) {
      throw new CheckpointException(
          path, "has " + size + " bytes, but a safetensors file has at least 8");
    }
    var length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN);
    readFully(channel, length, 0);
    long headerBytes = length.getLong(0);
    if (headerBytes < 0 || headerBytes > MAX_HEADER_BYTES) {
      throw new CheckpointException(
          path,
          "is no safetensors file: its header would have %s bytes, but at most %d are allowed"
              .formatted(Long.toUnsignedString(headerBytes), MAX_HEADER_BYTES));
    }
    if (headerBytes > size - 8) {
      throw new CheckpointException(
          path, "header length is " + headerBytes + " bytes, but only " + (size - 8) + " follow");
    }
    var header = ByteBuffer.allocate((int) headerBytes);
    readFully(channel, header, 8);
    return header.array();
  }

  private static void readFully(FileChannel channel, ByteBuffer buffer, long position)
      throws IOException {
    while (buffer.hasRemaining()) {
      int read = channel.read(buffer, position + buffer.position());
      if (read < 0) {
        throw new IOException("the file ended at byte " + (position + buffer.position()));
      }
    }
  }

  /// Checks the header as a whole.
  ///
  /// @param dataBytes bytes of the file after the header
  static Map<String, TensorInfo> tensors(Path path, byte[] header, long dataBytes) {
    Json parsed;
    try {
      parsed = Json.parse(header);
    } catch (Json.SyntaxException e) {
      throw new CheckpointException(path, "header is not JSON: " + e.getMessage(), e);
    }
    if (!(parsed instanceof Json.Fields(var entries))) {
      throw new CheckpointException(path, "header is not a JSON object");
    }
    Map<String, TensorInfo> tensors = new LinkedHashMap<>();
    entries.forEach(
        (name, value) -> {
          if (!name.equals(METADATA)) {
            tensors.put(name, tensor(path, name, value));
          }
        });
    checkLayout(path, new ArrayList<>(tensors.values()), dataBytes);
    return Collections.unmodifiableMap(tensors);
  }

  private static TensorInfo tensor(Path path, String name, Json entry) {
    if (!(entry instanceof Json.Fields(var fields))) {
      throw CheckpointException.tensor(path, name, "is not described by a JSON object");
    }
    if (!(fields.get("dtype") instanceof Json.Text(var typeName))) {
      throw CheckpointException.tensor(path, name, "has no \"dtype\"");
    }
    DType dtype;
    try {
      dtype = DType.valueOf(typeName);
    } catch (IllegalArgumentException _) {
      throw CheckpointException.tensor(
          path, name, "has dtype \"" + abbreviated(typeName) + "\", which is not known");
    }
    var dims = integers(path, name, fields, "shape");
    var offsets = integers(path, name, fields, "data_offsets");
    if (offsets.length != 2 || offsets[1] < offsets[0]) {
      throw CheckpointException.tensor(
          path, name, "has data_offsets that are not [begin, end] with begin <= end");
    }
    Shape shape;
    try {
      shape = Shape.of(dims);
    } catch (IllegalArgumentException e) {
      throw CheckpointException.tensor(
          path, name, "cannot have that many elements: " + e.getMessage());
    }
    long bytes = offsets[1] - offsets[0];
    if (shape.elements() > Long.MAX_VALUE / dtype.bytes()
        || shape.elements() * dtype.bytes() != bytes) {
      throw CheckpointException.tensor(
          path,
          name,
          "is %s %s, which does not fill the %d bytes of its data_offsets [%d, %d]"
              .formatted(dtype, shape, bytes, offsets[0], offsets[1]));
    }
    return new TensorInfo(name, dtype, shape, offsets[0], offsets[1]);
  }

  private static long[] integers(Path path, String tensor, Map<String, Json> fields, String field) {
    if (!(fields.get(field) instanceof Json.Items(var items))) {
      throw CheckpointException.tensor(path, tensor, "has no \"" + field + "\"");
    }
    if (items.size() > 16) {
      throw CheckpointException.tensor(
          path,
          tensor,
          "has a \"" + field + "\" of " + items.size() + " numbers, at most 16 are allowed");
    }
    var values = new long[items.size()];
    for (int i = 0; i < values.length; i++) {
      if (!(items.get(i) instanceof Json.Numeral(var text)) || !text.matches("[0-9]{1,18}")) {
        throw CheckpointException.tensor(
            path,
            tensor,
            "has a \"" + field + "\" with an item that is not an integer from 0 to 10^18 - 1");
      }
      values[i] = Long.parseLong(text);
    }
    return values;
  }

  private static void checkLayout(Path path, List<TensorInfo> tensors, long dataBytes) {
    tensors.sort(Comparator.comparingLong(TensorInfo::begin).thenComparingLong(TensorInfo::end));
    long expected = 0;
    for (var tensor : tensors) {
      if (tensor.end() > dataBytes) {
        throw CheckpointException.tensor(
            path,
            tensor.name(),
            "ends at byte %d of the data, but the file holds only %d: it is truncated"
                .formatted(tensor.end(), dataBytes));
      }
      if (tensor.begin() != expected) {
        throw CheckpointException.tensor(
            path,
            tensor.name(),
            "begins at byte %d of the data, but the tensor before it ends at byte %d"
                .formatted(tensor.begin(), expected));
      }
      expected = tensor.end();
    }
    if (expected != dataBytes) {
      throw new CheckpointException(
          path,
          "holds %d bytes of data, but its tensors end at byte %d".formatted(dataBytes, expected));
    }
  }

  Path path() {
    return path;
  }

  /// By name, in the order of the header.
  Map<String, TensorInfo> tensors() {
    return tensors;
  }

  /// Maps the bytes of one tensor, and no others, for as long as the arena lives.
  Tensor map(TensorInfo info, Arena arena) {
    return map(info, Slice.WHOLE, info.shape(), arena);
  }

  /// Maps the bytes of a slice of a tensor, and no others, for as long as the arena lives.
  ///
  /// @param entry shape of the slice
  Tensor map(TensorInfo info, Slice slice, Shape entry, Arena arena) {
    try {
      long bytes = slice.bytes(info);
      long begin = dataStart + info.begin() + slice.index() * bytes;
      var data = channel.map(FileChannel.MapMode.READ_ONLY, begin, bytes, arena);
      return new Tensor(info.name(), info.dtype(), entry, data);
    } catch (IOException e) {
      throw new CheckpointException(
          path, "tensor \"" + info.name() + "\" cannot be mapped: " + e.getMessage(), e);
    }
  }

  @Override
  public void close() {
    try {
      channel.close();
    } catch (IOException e) {
      throw new CheckpointException(path, "cannot be closed: " + e.getMessage(), e);
    }
  }
}
