package io.moesaic.tensor.ffn;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.nio.charset.StandardCharsets.UTF_8;

import io.moesaic.tensor.Tensor;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;

/// Writes small models for tests.
public final class ModelFiles {
  private ModelFiles() {}

  /// Makes a directory with `config.json` and `model.safetensors`.
  public static void write(Path directory, String config, Collection<Tensor> tensors)
      throws IOException {
    Files.createDirectories(directory);
    Files.writeString(directory.resolve("config.json"), config);
    var data = new ByteArrayOutputStream();
    List<String> entries = new ArrayList<>();
    for (var tensor : tensors) {
      int begin = data.size();
      data.writeBytes(tensor.data().toArray(JAVA_BYTE));
      entries.add(
          "\"%s\":{\"dtype\":\"%s\",\"shape\":%s,\"data_offsets\":[%d,%d]}"
              .formatted(tensor.name(), tensor.dtype(), tensor.shape(), begin, data.size()));
    }
    var header = ("{" + String.join(",", entries) + "}").getBytes(UTF_8);
    var length = ByteBuffer.allocate(8).order(ByteOrder.LITTLE_ENDIAN).putLong(header.length);
    try (var out = Files.newOutputStream(directory.resolve("model.safetensors"))) {
      out.write(length.array());
      out.write(header);
      data.writeTo(out);
    }
  }
}
