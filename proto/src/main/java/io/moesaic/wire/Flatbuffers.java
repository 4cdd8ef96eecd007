package io.moesaic.wire;

import com.google.flatbuffers.FlatBufferBuilder;
import java.util.List;
import org.apache.arrow.flatbuf.KeyValue;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.flatbuf.MetadataVersion;

/// Reading of Arrow's flatbuffers from outside. Java's flatbuffers have no verifier, but every
/// access goes through a bounded ByteBuffer, so a wrong offset ends in an exception or in a wrong
/// value. The former become [WireException]s here, the latter are caught by the checks of whoever
/// reads; readers follow a fixed number of references, so that none goes round in circles.
final class Flatbuffers {
  private static final int MAX_METADATA = 64;

  private Flatbuffers() {}

  @FunctionalInterface
  interface Reader<T> {
    T read() throws WireException;
  }

  /// @param part what is read, for the error
  static <T> T read(String part, Reader<T> reader) throws WireException {
    try {
      return reader.read();
    } catch (RuntimeException e) {
      // Out of bounds, a null where a table was, an impossible size: all say the same.
      throw WireException.invalid(part, "is not a valid flatbuffer");
    }
  }

  static void checkVersion(Message message) throws WireException {
    if (message.version() != MetadataVersion.V5 && message.version() != MetadataVersion.V4) {
      throw WireException.invalid(
          "data_header",
          "has Arrow metadata version " + (message.version() + 1) + ", must be 4 or 5");
    }
  }

  // ---- metadata: pairs of texts

  static int keyValue(FlatBufferBuilder builder, String key, String value) {
    return KeyValue.createKeyValue(builder, builder.createString(key), builder.createString(value));
  }

  static void checkMetadata(String part, int entries) throws WireException {
    if (entries > MAX_METADATA) {
      throw WireException.invalid(
          part, "has %d metadata entries, at most %d are allowed".formatted(entries, MAX_METADATA));
    }
  }

  /// The value of a key, or an empty string.
  static String value(List<KeyValue> metadata, String key) {
    for (var entry : metadata) {
      if (key.equals(entry.key()) && entry.value() != null) {
        return entry.value();
      }
    }
    return "";
  }
}
