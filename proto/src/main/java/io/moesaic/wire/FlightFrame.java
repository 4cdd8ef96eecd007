package io.moesaic.wire;

import java.lang.foreign.MemorySegment;
import org.apache.arrow.memory.ArrowBuf;
import org.jspecify.annotations.Nullable;

/// One message of Flight's DoExchange as it crosses the wire, its parts not yet interpreted:
///
/// ```
///   FlightData   1 flight_descriptor   where a stream goes, in its first message only
///                2 data_header         Arrow IPC message: a schema or the layout of a record batch
///                3 app_metadata        our DispatchHeader or ReplyHeader
///                1000 data_body        the batch's buffers, off heap
/// ```
/// A frame owns its body: whoever holds the frame last closes it. Sending hands it over to gRPC.
public final class FlightFrame implements AutoCloseable {
  private static final byte[] NONE = {};

  private final byte[] descriptor;
  private final byte[] header;
  private final byte[] metadata;
  private @Nullable ArrowBuf body;
  private final @Nullable WireException defect;

  private FlightFrame(
      byte[] descriptor,
      byte[] header,
      byte[] metadata,
      @Nullable ArrowBuf body,
      @Nullable WireException defect) {
    this.descriptor = descriptor;
    this.header = header;
    this.metadata = metadata;
    this.body = body;
    this.defect = defect;
  }

  /// @param body filled up to its writer index; the frame takes it over
  static FlightFrame of(
      byte[] descriptor, byte[] header, byte[] metadata, @Nullable ArrowBuf body) {
    return new FlightFrame(descriptor, header, metadata, body, null);
  }

  /// What arrived where a frame was expected.
  ///
  /// @param metadata if it had been read before the defect: it tells whose the message is
  static FlightFrame defective(byte[] metadata, WireException defect) {
    return new FlightFrame(NONE, NONE, metadata, null, defect);
  }

  /// @throws WireException when what arrived was not a Flight message
  public FlightFrame verified() throws WireException {
    if (defect != null) {
      throw defect;
    }
    return this;
  }

  public byte[] descriptor() {
    return descriptor;
  }

  public byte[] header() {
    return header;
  }

  public byte[] metadata() {
    return metadata;
  }

  @Nullable ArrowBuf body() {
    return body;
  }

  /// The body, to be owned by the caller from now on.
  @Nullable ArrowBuf takeBody() {
    var taken = body;
    body = null;
    return taken;
  }

  /// Bytes of the body.
  public long bodyBytes() {
    return body == null ? 0 : body.writerIndex();
  }

  /// The body, readable until the frame is closed.
  MemorySegment bodySegment() {
    return body == null ? MemorySegment.NULL : segment(body).asReadOnly();
  }

  /// The written part of a buffer, as long as the buffer lives.
  @SuppressWarnings("restricted")
  static MemorySegment segment(ArrowBuf buffer) {
    return MemorySegment.ofAddress(buffer.memoryAddress()).reinterpret(buffer.writerIndex());
  }

  @Override
  public void close() {
    if (body != null) {
      body.close();
      body = null;
    }
  }
}
