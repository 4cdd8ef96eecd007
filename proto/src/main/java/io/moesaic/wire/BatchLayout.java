package io.moesaic.wire;

import com.google.flatbuffers.FlatBufferBuilder;
import java.nio.ByteBuffer;
import java.util.List;
import org.apache.arrow.flatbuf.Buffer;
import org.apache.arrow.flatbuf.FieldNode;
import org.apache.arrow.flatbuf.Message;
import org.apache.arrow.flatbuf.MessageHeader;
import org.apache.arrow.flatbuf.MetadataVersion;
import org.apache.arrow.flatbuf.RecordBatch;

/// Where the columns of a record batch lie in its body. Ours are written like this, each column's
/// values on a multiple of 64 bytes and the validity bitmaps empty, as nothing is null:
///
/// ```
///   body  | hidden values: rows x hidden | .. | expert ids: rows x expertsPerRow, int32 |
///         0                                   64-byte boundary                          bodyBytes
/// ```
/// In Arrow's own terms that is 2 field nodes and 3 buffers for each column: the list's validity,
/// its items' validity, its items. Batches from outside may place them anywhere within the body, at
/// any alignment.
///
/// Immutable.
final class BatchLayout {
  private static final int ALIGNMENT = 64;
  private static final int NODES_PER_COLUMN = 2;
  private static final int BUFFERS_PER_COLUMN = 3;

  private final List<Column> columns;
  private final int rows;
  private final long[] offsets;
  private final long bodyBytes;

  private BatchLayout(List<Column> columns, int rows, long[] offsets, long bodyBytes) {
    this.columns = columns;
    this.rows = rows;
    this.offsets = offsets;
    this.bodyBytes = bodyBytes;
  }

  /// How we write `rows` rows.
  static BatchLayout of(List<Column> columns, int rows) {
    var offsets = new long[columns.size()];
    long end = 0;
    for (int column = 0; column < offsets.length; column++) {
      offsets[column] = end;
      end = aligned(end + columns.get(column).bytes(rows));
    }
    return new BatchLayout(columns, rows, offsets, end);
  }

  private static long aligned(long bytes) {
    return Math.ceilDiv(bytes, ALIGNMENT) * ALIGNMENT;
  }

  int rows() {
    return rows;
  }

  /// Where a column's values begin in the body.
  long offset(int column) {
    return offsets[column];
  }

  /// Bytes of a column's values.
  long bytes(int column) {
    return columns.get(column).bytes(rows);
  }

  /// Bytes of the whole body.
  long bodyBytes() {
    return bodyBytes;
  }

  /// The Arrow IPC message of a batch with this layout.
  byte[] encode() {
    var builder = new FlatBufferBuilder(512);
    RecordBatch.startBuffersVector(builder, columns.size() * BUFFERS_PER_COLUMN);
    for (int column = columns.size() - 1; column >= 0; column--) {
      Buffer.createBuffer(builder, offsets[column], bytes(column));
      Buffer.createBuffer(builder, offsets[column], 0);
      Buffer.createBuffer(builder, offsets[column], 0);
    }
    int buffers = builder.endVector();
    RecordBatch.startNodesVector(builder, columns.size() * NODES_PER_COLUMN);
    for (int column = columns.size() - 1; column >= 0; column--) {
      FieldNode.createFieldNode(builder, (long) rows * columns.get(column).width(), 0);
      FieldNode.createFieldNode(builder, rows, 0);
    }
    int nodes = builder.endVector();
    RecordBatch.startRecordBatch(builder);
    RecordBatch.addLength(builder, rows);
    RecordBatch.addNodes(builder, nodes);
    RecordBatch.addBuffers(builder, buffers);
    int batch = RecordBatch.endRecordBatch(builder);
    Message.finishMessageBuffer(
        builder,
        Message.createMessage(
            builder, MetadataVersion.V5, MessageHeader.RecordBatch, batch, bodyBytes, 0));
    return builder.sizedByteArray();
  }

  /// Reads the layout of a batch from outside and checks all of it against the schema, the limits
  /// and the bytes that really came.
  ///
  /// @throws WireException naming the part that is malformed or out of bounds
  static BatchLayout decode(List<Column> columns, byte[] message, long bodyBytes, int maxRows)
      throws WireException {
    return Flatbuffers.read(
        "data_header", () -> decode(columns, batchOf(message, bodyBytes), bodyBytes, maxRows));
  }

  private static RecordBatch batchOf(byte[] bytes, long bodyBytes) throws WireException {
    var message = Message.getRootAsMessage(ByteBuffer.wrap(bytes));
    Flatbuffers.checkVersion(message);
    if (message.headerType() != MessageHeader.RecordBatch
        || !(message.header(new RecordBatch()) instanceof RecordBatch batch)) {
      throw WireException.invalid("data_header", "must be a record batch after the schema");
    }
    if (message.bodyLength() != bodyBytes) {
      throw WireException.invalid(
          "data_header.bodyLength",
          "is %d, but %d bytes came".formatted(message.bodyLength(), bodyBytes));
    }
    return batch;
  }

  private static BatchLayout decode(
      List<Column> columns, RecordBatch batch, long bodyBytes, int maxRows) throws WireException {
    if (batch.compression() != null) {
      throw WireException.invalid("data_header.compression", "compressed batches are not accepted");
    }
    if (batch.length() < 0 || batch.length() > maxRows) {
      throw WireException.invalid(
          "data_header.length",
          "is %d rows, must be from 0 to %d".formatted(batch.length(), maxRows));
    }
    int rows = (int) batch.length();
    checkCount("nodes", batch.nodesLength(), columns.size() * NODES_PER_COLUMN);
    checkCount("buffers", batch.buffersLength(), columns.size() * BUFFERS_PER_COLUMN);
    checkCount("variadicBufferCounts", batch.variadicBufferCountsLength(), 0);
    var offsets = new long[columns.size()];
    for (int column = 0; column < offsets.length; column++) {
      int node = column * NODES_PER_COLUMN;
      checkNode(batch, node, rows);
      checkNode(batch, node + 1, (long) rows * columns.get(column).width());
      int buffer = column * BUFFERS_PER_COLUMN;
      // Without nulls the validity bitmaps say nothing; they only must not lie outside.
      checkBuffer(batch, buffer, 0, bodyBytes);
      checkBuffer(batch, buffer + 1, 0, bodyBytes);
      checkBuffer(batch, buffer + 2, columns.get(column).bytes(rows), bodyBytes);
      offsets[column] = batch.buffers(buffer + 2).offset();
    }
    return new BatchLayout(columns, rows, offsets, bodyBytes);
  }

  private static void checkCount(String what, int count, int expected) throws WireException {
    if (count != expected) {
      throw WireException.invalid(
          "data_header." + what, "are %d, must be %d for this schema".formatted(count, expected));
    }
  }

  private static void checkNode(RecordBatch batch, int index, long length) throws WireException {
    var node = batch.nodes(index);
    if (node.length() != length) {
      throw WireException.invalid(
          "data_header.nodes[" + index + "].length",
          "is %d, must be %d".formatted(node.length(), length));
    }
    if (node.nullCount() != 0) {
      throw WireException.invalid(
          "data_header.nodes[" + index + "].nullCount",
          "is %d, must be 0: nulls are not accepted".formatted(node.nullCount()));
    }
  }

  private static void checkBuffer(RecordBatch batch, int index, long minBytes, long bodyBytes)
      throws WireException {
    var buffer = batch.buffers(index);
    if (buffer.length() < minBytes) {
      throw WireException.invalid(
          "data_header.buffers[" + index + "].length",
          "is %d bytes, must be at least %d".formatted(buffer.length(), minBytes));
    }
    if (buffer.offset() < 0
        || buffer.length() > bodyBytes
        || buffer.offset() > bodyBytes - buffer.length()) {
      throw WireException.invalid(
          "data_header.buffers[" + index + "]",
          "spans %d bytes from %d on, but the body has %d"
              .formatted(buffer.length(), buffer.offset(), bodyBytes));
    }
  }
}
