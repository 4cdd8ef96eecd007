package io.moesaic.wire;

import static java.lang.foreign.ValueLayout.JAVA_FLOAT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.apache.arrow.memory.BufferAllocator;

/// The rows that somebody sends through a whole MoE layer: a view of a frame. The reply has one row
/// for each of them, in their order. Anything may stand in it: whoever computes checks the values.
public final class LayerBatch implements AutoCloseable {
  private static final int HIDDEN = 0;
  private static final int EXPERT = 1;
  private static final int WEIGHT = 2;

  private static final ValueLayout.OfInt INT =
      JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);
  private static final ValueLayout.OfFloat FLOAT =
      JAVA_FLOAT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  private final FlightFrame frame;
  private final LayerSchema schema;
  private final BatchLayout layout;
  private final MemorySegment body;

  private LayerBatch(FlightFrame frame, LayerSchema schema, BatchLayout layout) {
    this.frame = frame;
    this.schema = schema;
    this.layout = layout;
    body = frame.bodySegment();
  }

  /// Reads a batch that arrived, and checks its layout. The batch takes the frame over; if it is
  /// refused, the frame stays the caller's.
  ///
  /// @throws WireException naming the part that is malformed or out of bounds
  public static LayerBatch decode(FlightFrame frame, LayerSchema schema, int maxRows)
      throws WireException {
    return new LayerBatch(
        frame,
        schema,
        BatchLayout.decode(schema.columns(), frame.header(), frame.bodyBytes(), maxRows));
  }

  public LayerSchema schema() {
    return schema;
  }

  public int rows() {
    return layout.rows();
  }

  /// The activations, `[rows, hidden]` of the schema's type, contiguous, little endian, at any
  /// alignment.
  public MemorySegment hidden() {
    return body.asSlice(layout.offset(HIDDEN), layout.bytes(HIDDEN));
  }

  /// The expert at place `rank` of a row.
  public int expert(int row, int rank) {
    return body.get(INT, layout.offset(EXPERT) + at(row, rank) * Integer.BYTES);
  }

  /// The weight at place `rank` of a row.
  public float weight(int row, int rank) {
    return body.get(FLOAT, layout.offset(WEIGHT) + at(row, rank) * Float.BYTES);
  }

  private long at(int row, int rank) {
    return (long) row * schema.expertsPerRow() + rank;
  }

  /// The reply to a batch of as many rows, to be filled in.
  ///
  /// @throws org.apache.arrow.memory.OutOfMemoryException when the allocator's limit is reached
  public static ReplyBatch.Draft reply(BufferAllocator allocator, LayerSchema schema, int rows) {
    return ReplyBatch.Draft.of(allocator, schema.replyColumns(), rows);
  }

  @Override
  public void close() {
    frame.close();
  }
}
