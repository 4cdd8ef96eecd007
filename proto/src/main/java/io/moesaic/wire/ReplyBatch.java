package io.moesaic.wire;

import com.google.protobuf.InvalidProtocolBufferException;
import io.moesaic.wire.v1.ReplyHeader;
import java.lang.foreign.MemorySegment;
import java.util.List;
import org.apache.arrow.memory.BufferAllocator;

/// The outputs of a token batch's experts, one row for each slot in the order of the batch (see
/// [TokenBatch]), not weighted: a view of a frame. A request that failed gets a batch of no rows,
/// whose header says why.
public final class ReplyBatch implements AutoCloseable {
  private final FlightFrame frame;
  private final BatchLayout layout;
  private final MemorySegment body;

  private ReplyBatch(FlightFrame frame, BatchLayout layout, MemorySegment body) {
    this.frame = frame;
    this.layout = layout;
    this.body = body;
  }

  /// The body of a reply, to be filled in before its header is known.
  ///
  /// @throws org.apache.arrow.memory.OutOfMemoryException when the allocator's limit is reached
  public static Draft allocate(BufferAllocator allocator, TokenSchema schema, int rows) {
    return Draft.of(allocator, schema.columns(), rows);
  }

  /// A reply's rows before they are sent. Owns them until [#finish].
  public static final class Draft implements AutoCloseable {
    private final BatchLayout layout;
    private final FlightFrame rows;

    private Draft(BatchLayout layout, FlightFrame rows) {
      this.layout = layout;
      this.rows = rows;
    }

    static Draft of(BufferAllocator allocator, List<Column> columns, int rows) {
      var layout = BatchLayout.of(columns, rows);
      var body = allocator.buffer(layout.bodyBytes());
      body.writerIndex(layout.bodyBytes());
      return new Draft(layout, FlightFrame.of(new byte[0], new byte[0], new byte[0], body));
    }

    /// The outputs, `[rows, hidden]` of the wire type, to be written.
    public MemorySegment hidden() {
      var body = rows.body();
      if (body == null) {
        throw new IllegalStateException("the reply has been sent");
      }
      return FlightFrame.segment(body);
    }

    /// The frame to send. It takes the rows over.
    public FlightFrame finish(ReplyHeader header) {
      return finish(header.toByteArray());
    }

    /// The frame to send. It takes the rows over.
    ///
    /// @param metadata that goes with them
    public FlightFrame finish(byte[] metadata) {
      return FlightFrame.of(new byte[0], layout.encode(), metadata, rows.takeBody());
    }

    @Override
    public void close() {
      rows.close();
    }
  }

  /// The frame that tells a request's failure: no rows.
  public static FlightFrame refusal(
      BufferAllocator allocator, TokenSchema schema, ReplyHeader header) {
    try (var draft = allocate(allocator, schema, 0)) {
      return draft.finish(header);
    }
  }

  /// Reads a reply that arrived, and checks its layout. The reply takes the frame over; if it is
  /// refused, the frame stays the caller's.
  ///
  /// @throws WireException naming the part that is malformed or out of bounds
  public static ReplyBatch decode(FlightFrame frame, TokenSchema schema, int maxRows)
      throws WireException {
    var layout = BatchLayout.decode(schema.columns(), frame.header(), frame.bodyBytes(), maxRows);
    return new ReplyBatch(frame, layout, frame.bodySegment());
  }

  /// Reads the header that accompanies a reply.
  ///
  /// @throws WireException when it is no such message
  public static ReplyHeader header(FlightFrame frame) throws WireException {
    try {
      return ReplyHeader.parseFrom(frame.metadata());
    } catch (InvalidProtocolBufferException _) {
      throw WireException.invalid("app_metadata", "is not a moesaic.v1.ReplyHeader");
    }
  }

  public int rows() {
    return layout.rows();
  }

  /// The outputs, `[rows, hidden]` of the wire type, contiguous, little endian, at any alignment.
  public MemorySegment hidden() {
    return body.asSlice(layout.offset(0), layout.bytes(0));
  }

  @Override
  public void close() {
    frame.close();
  }
}
