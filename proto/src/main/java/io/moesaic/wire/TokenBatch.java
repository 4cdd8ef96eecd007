package io.moesaic.wire;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import com.google.protobuf.InvalidProtocolBufferException;
import io.moesaic.wire.v1.DispatchHeader;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.apache.arrow.memory.BufferAllocator;

/// The token rows that a router sends to one expert node for one layer: a view of a frame. Each row
/// has up to `schema.expertsPerRow()` experts of that node; unused places hold [#NO_EXPERT].
///
/// ```
///   row   hidden                expert (3 per row)      rows of the reply
///   0     x x x x x x x x         4   7  -1              0: expert 4, 1: expert 7
///   1     x x x x x x x x         7  -1  -1              2: expert 7
///   2     x x x x x x x x         2   4   7              3: expert 2, 4: expert 4, 5: expert 7
/// ```
/// A row travels once however many experts of the node it goes to; each pair of row and expert, a
/// *slot*, gets one row of the reply.
public final class TokenBatch implements AutoCloseable {
  /// Fills the places of a row that has fewer experts on this node.
  public static final int NO_EXPERT = -1;

  private static final ValueLayout.OfInt INT =
      JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final FlightFrame frame;
  private final TokenSchema schema;
  private final BatchLayout layout;
  private final MemorySegment body;

  private TokenBatch(
      FlightFrame frame, TokenSchema schema, BatchLayout layout, MemorySegment body) {
    this.frame = frame;
    this.schema = schema;
    this.layout = layout;
    this.body = body;
  }

  /// A batch to be filled in and sent: [#hidden] and [#setExpert] write straight into what will go
  /// out. Its bytes are undefined until then.
  ///
  /// @throws org.apache.arrow.memory.OutOfMemoryException when the allocator's limit is reached
  public static TokenBatch allocate(
      BufferAllocator allocator, TokenSchema schema, int rows, DispatchHeader header) {
    var layout = BatchLayout.of(schema.columns(), rows);
    var body = allocator.buffer(layout.bodyBytes());
    body.writerIndex(layout.bodyBytes());
    var frame = FlightFrame.of(new byte[0], layout.encode(), header.toByteArray(), body);
    return new TokenBatch(frame, schema, layout, FlightFrame.segment(body));
  }

  /// Reads a batch that arrived, and checks its layout. The batch takes the frame over; if it is
  /// refused, the frame stays the caller's. Expert ids are checked by whoever knows the experts.
  ///
  /// @throws WireException naming the part that is malformed or out of bounds
  public static TokenBatch decode(FlightFrame frame, TokenSchema schema, WireLimits limits)
      throws WireException {
    var layout =
        BatchLayout.decode(schema.columns(), frame.header(), frame.bodyBytes(), limits.maxRows());
    return new TokenBatch(frame, schema, layout, frame.bodySegment());
  }

  /// Reads the header that accompanies a batch. What it asks for is checked by whoever serves it.
  ///
  /// @throws WireException when it is no such message
  public static DispatchHeader header(FlightFrame frame) throws WireException {
    try {
      return DispatchHeader.parseFrom(frame.metadata());
    } catch (InvalidProtocolBufferException _) {
      throw WireException.invalid("app_metadata", "is not a moesaic.v1.DispatchHeader");
    }
  }

  public TokenSchema schema() {
    return schema;
  }

  public int rows() {
    return layout.rows();
  }

  /// Bytes that the batch occupies off heap.
  public long bytes() {
    return layout.bodyBytes();
  }

  /// The activations, `[rows, hidden]` of the wire type, contiguous, little endian, at any
  /// alignment.
  public MemorySegment hidden() {
    return body.asSlice(layout.offset(0), layout.bytes(0));
  }

  /// The expert at place `rank` of a row, or [#NO_EXPERT].
  public int expert(int row, int rank) {
    return body.get(INT, expertAt(row, rank));
  }

  public void setExpert(int row, int rank, int expert) {
    body.set(INT, expertAt(row, rank), expert);
  }

  private long expertAt(int row, int rank) {
    return layout.offset(1) + ((long) row * schema.expertsPerRow() + rank) * Integer.BYTES;
  }

  /// The frame, to be sent: the batch must not be used any more.
  public FlightFrame frame() {
    return frame;
  }

  @Override
  public void close() {
    frame.close();
  }
}
