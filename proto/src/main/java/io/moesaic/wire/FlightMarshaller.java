package io.moesaic.wire;

import com.google.protobuf.CodedOutputStream;
import io.grpc.Drainable;
import io.grpc.MethodDescriptor;
import io.grpc.Status;
import io.netty.buffer.ByteBuf;
import io.netty.buffer.CompositeByteBuf;
import io.netty.buffer.PooledByteBufAllocator;
import io.netty.buffer.Unpooled;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import org.apache.arrow.flight.grpc.AddWritableBuffer;
import org.apache.arrow.flight.grpc.GetReadableBuffer;
import org.apache.arrow.memory.ArrowBuf;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.OutOfMemoryException;
import org.jspecify.annotations.Nullable;

/// Turns frames into bytes of Flight's `FlightData` protobuf message and back, without ever copying
/// a body on the Java heap: a body goes out as it lies, and comes in with one copy that gathers
/// what the transport received in pieces.
///
/// What does not parse is not thrown, because gRPC would answer it with an internal error: it
/// becomes a frame whose [FlightFrame#verified] throws. Called by event loops; safe for concurrent
/// use.
final class FlightMarshaller implements MethodDescriptor.Marshaller<FlightFrame> {
  private static final int DESCRIPTOR = 1;
  private static final int HEADER = 2;
  private static final int METADATA = 3;
  private static final int BODY = 1000;

  private static final int VARINT = 0;
  private static final int FIXED64 = 1;
  private static final int DELIMITED = 2;
  private static final int FIXED32 = 5;

  private final BufferAllocator allocator;

  /// @param allocator for the bodies of frames that arrive
  FlightMarshaller(BufferAllocator allocator) {
    this.allocator = allocator;
  }

  @Override
  public InputStream stream(FlightFrame frame) {
    return new Outgoing(frame);
  }

  @Override
  public FlightFrame parse(InputStream in) {
    var parts = new Parts();
    try {
      while (in.available() > 0) {
        readField(in, parts);
      }
      return FlightFrame.of(parts.descriptor, parts.header, parts.metadata, parts.takeBody());
    } catch (WireException e) {
      return FlightFrame.defective(parts.metadata, e);
    } catch (EOFException _) {
      return FlightFrame.defective(
          parts.metadata, WireException.invalid("", "message ends within a field"));
    } catch (IOException e) {
      return FlightFrame.defective(
          parts.metadata, WireException.invalid("", "message cannot be read: " + e));
    } finally {
      parts.release();
    }
  }

  private static final class Parts {
    private byte[] descriptor = {};
    private byte[] header = {};
    private byte[] metadata = {};
    private @Nullable ArrowBuf body;

    @Nullable ArrowBuf takeBody() {
      var taken = body;
      body = null;
      return taken;
    }

    void release() {
      if (body != null) {
        body.close();
      }
    }
  }

  private void readField(InputStream in, Parts parts) throws IOException, WireException {
    long tag = readVarint(in);
    long field = tag >>> 3;
    int wireType = (int) (tag & 7);
    switch (wireType) {
      case VARINT -> readVarint(in);
      case FIXED64 -> in.skipNBytes(8);
      case FIXED32 -> in.skipNBytes(4);
      case DELIMITED -> {
        int length = readLength(in, field);
        if (field == DESCRIPTOR) {
          parts.descriptor = readSmall(in, length, "flight_descriptor");
        } else if (field == HEADER) {
          parts.header = readSmall(in, length, "data_header");
        } else if (field == METADATA) {
          parts.metadata = readSmall(in, length, "app_metadata");
        } else if (field == BODY) {
          parts.release();
          parts.body = null;
          parts.body = readBody(in, length);
        } else {
          in.skipNBytes(length);
        }
      }
      default -> throw WireException.invalid("", "field " + field + " has wire type " + wireType);
    }
  }

  private static long readVarint(InputStream in) throws IOException, WireException {
    long value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      int b = in.read();
      if (b < 0) {
        throw new EOFException();
      }
      value |= (long) (b & 0x7f) << shift;
      if (b < 0x80) {
        return value;
      }
    }
    throw WireException.invalid("", "a varint is longer than 10 bytes");
  }

  /// A length that fits in what is left of the message, which gRPC has bounded.
  private static int readLength(InputStream in, long field) throws IOException, WireException {
    long length = readVarint(in);
    int left = in.available();
    if (length < 0 || length > left) {
      throw WireException.invalid(
          "",
          "field %d is %s bytes long, but only %d are left"
              .formatted(field, Long.toUnsignedString(length), left));
    }
    return (int) length;
  }

  private static byte[] readSmall(InputStream in, int length, String name)
      throws IOException, WireException {
    if (length > WireLimits.MAX_HEADER_BYTES) {
      throw WireException.invalid(
          name,
          "is " + length + " bytes long, at most " + WireLimits.MAX_HEADER_BYTES + " are allowed");
    }
    return in.readNBytes(length);
  }

  private ArrowBuf readBody(InputStream in, int length) throws IOException, WireException {
    ArrowBuf body;
    try {
      body = allocator.buffer(length);
    } catch (OutOfMemoryException _) {
      throw new WireException(
          Status.Code.RESOURCE_EXHAUSTED,
          "data_body",
          "no memory for %d bytes: %d of %d are in use"
              .formatted(length, allocator.getAllocatedMemory(), allocator.getLimit()));
    }
    try {
      GetReadableBuffer.readIntoBuffer(in, body, length, true);
      body.writerIndex(length);
      return body;
    } catch (IOException | RuntimeException e) {
      body.close();
      throw e;
    }
  }

  /// A message in Netty's terms: its head, and its body where it lies. Releases the body with
  /// itself.
  private static final class Message extends CompositeByteBuf {
    private final @Nullable ArrowBuf body;

    Message(@Nullable ArrowBuf body) {
      super(PooledByteBufAllocator.DEFAULT, true, 2);
      this.body = body;
    }

    void append(ByteBuf head) {
      addComponent(true, head);
      if (body != null) {
        addComponent(true, Unpooled.wrappedBuffer(body.nioBuffer(0, (int) body.writerIndex())));
      }
    }

    @Override
    protected void deallocate() {
      super.deallocate();
      if (body != null) {
        body.close();
      }
    }
  }

  /// A frame on its way out. gRPC calls [#drainTo], and then or instead [#close].
  @SuppressWarnings("InputStreamSlowMultibyteRead") // it is not read at all
  private static final class Outgoing extends InputStream implements Drainable {
    private final FlightFrame frame;

    Outgoing(FlightFrame frame) {
      this.frame = frame;
    }

    @Override
    public int drainTo(OutputStream target) throws IOException {
      var head = head();
      var message = new Message(frame.takeBody());
      try {
        message.append(PooledByteBufAllocator.DEFAULT.directBuffer(head.length).writeBytes(head));
        int size = message.readableBytes();
        // One buffer for the whole message: gRPC takes only the first by reference.
        AddWritableBuffer.add(message, target, true);
        return size;
      } finally {
        message.release();
      }
    }

    /// Everything up to the first byte of the body.
    private byte[] head() throws IOException {
      int size =
          sizeOf(DESCRIPTOR, frame.descriptor())
              + sizeOf(HEADER, frame.header())
              + sizeOf(METADATA, frame.metadata());
      var body = frame.body();
      if (body != null) {
        size +=
            CodedOutputStream.computeTagSize(BODY)
                + CodedOutputStream.computeUInt64SizeNoTag(body.writerIndex());
      }
      var head = new byte[size];
      var out = CodedOutputStream.newInstance(head);
      write(out, DESCRIPTOR, frame.descriptor());
      write(out, HEADER, frame.header());
      write(out, METADATA, frame.metadata());
      if (body != null) {
        out.writeTag(BODY, DELIMITED);
        out.writeUInt64NoTag(body.writerIndex());
      }
      out.flush();
      return head;
    }

    private static int sizeOf(int field, byte[] bytes) {
      return bytes.length == 0 ? 0 : CodedOutputStream.computeByteArraySize(field, bytes);
    }

    private static void write(CodedOutputStream out, int field, byte[] bytes) throws IOException {
      if (bytes.length > 0) {
        out.writeByteArray(field, bytes);
      }
    }

    @Override
    public int available() {
      throw new IllegalStateException("gRPC drains a frame, it does not read it");
    }

    @Override
    public int read() {
      throw new IllegalStateException("gRPC drains a frame, it does not read it");
    }

    @Override
    public void close() {
      frame.close();
    }
  }
}
