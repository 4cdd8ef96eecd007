package io.moesaic.deploy.client;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moesaic.tensor.DType;
import io.moesaic.wire.LayerSchema;
import java.io.IOException;
import java.net.URI;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.apache.arrow.flight.Action;
import org.apache.arrow.flight.CallOption;
import org.apache.arrow.flight.CallOptions;
import org.apache.arrow.flight.FlightClient;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.flight.Location;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;

/// Sends rows through the MoE layers that a router serves over Arrow Flight, with Arrow's own
/// client: one connection, in float32, whoever the layer's gate asks. For one thread.
public final class LayerClient implements AutoCloseable {
  private static final String HIDDEN = "hidden";
  private static final ObjectMapper JSON = new ObjectMapper();

  private final URI url;
  private final RootAllocator allocator = new RootAllocator();
  private final FlightClient client;

  /// @param url `grpc://HOST:PORT`; nothing is sent before the first call
  public LayerClient(URI url) {
    this.url = url;
    client =
        FlightClient.builder(allocator, Location.forGrpcInsecure(url.getHost(), url.getPort()))
            .build();
  }

  /// What a layer makes of rows, in as few batches as the router takes.
  ///
  /// @param rows `[rows][hidden]`, at least one
  /// @return `[rows][hidden]`
  /// @throws ClientException when the router is not there or refuses
  public float[][] forward(int layer, float[][] rows) throws ClientException {
    try {
      var served = describe();
      var path = FlightDescriptor.path(served.path("model").asText(), Integer.toString(layer));
      return exchange(path, rows, served.path("max_rows").asInt());
    } catch (FlightRuntimeException e) {
      throw ClientException.refused(url, e);
    } catch (IOException e) {
      throw ClientException.unreachable(url, e);
    }
  }

  private JsonNode describe() throws IOException {
    var results = client.doAction(new Action("describe"), patience());
    return JSON.readTree(results.next().getBody());
  }

  private float[][] exchange(FlightDescriptor path, float[][] rows, int maxRows)
      throws IOException {
    var schema = new LayerSchema(LayerSchema.Mode.MOE, DType.F32, rows[0].length, 0).toArrow();
    var answers = new float[rows.length][];
    try (var batch = VectorSchemaRoot.create(schema, allocator);
        var stream = new Stream(client.doExchange(path, patience()))) {
      stream.both.getWriter().start(batch);
      for (int from = 0; from < rows.length; from += maxRows) {
        int to = Math.min(from + maxRows, rows.length);
        fill(batch, Arrays.copyOfRange(rows, from, to));
        stream.both.getWriter().putNext();
        if (!stream.both.getReader().next()) {
          throw new IOException("it ended before rows %d to %d".formatted(from, to - 1));
        }
        var reply = values(stream.both.getReader().getRoot());
        System.arraycopy(reply, 0, answers, from, to - from);
      }
      stream.both.getWriter().completed();
      stream.both.getResult();
    }
    return answers;
  }

  private static CallOption patience() {
    return CallOptions.timeout(60, TimeUnit.SECONDS);
  }

  private static void fill(VectorSchemaRoot batch, float[][] rows) {
    batch.allocateNew();
    var lists = (FixedSizeListVector) batch.getVector(HIDDEN);
    var values = (Float4Vector) lists.getDataVector();
    for (int row = 0; row < rows.length; row++) {
      int at = lists.startNewValue(row);
      for (int i = 0; i < rows[row].length; i++) {
        values.setSafe(at + i, rows[row][i]);
      }
    }
    batch.setRowCount(rows.length);
  }

  private static float[][] values(VectorSchemaRoot batch) {
    var lists = (FixedSizeListVector) batch.getVector(HIDDEN);
    var values = (Float4Vector) lists.getDataVector();
    var rows = new float[batch.getRowCount()][lists.getListSize()];
    for (int row = 0; row < rows.length; row++) {
      for (int i = 0; i < rows[row].length; i++) {
        rows[row][i] = values.get(lists.getElementStartIndex(row) + i);
      }
    }
    return rows;
  }

  /// A stream of batches, of which Arrow says that closing it may throw anything.
  private record Stream(FlightClient.ExchangeReaderWriter both) implements AutoCloseable {
    @Override
    public void close() throws IOException {
      try {
        both.close();
      } catch (RuntimeException e) {
        throw e;
      } catch (Exception e) {
        throw new IOException("it did not close: " + e.getMessage(), e);
      }
    }
  }

  @Override
  public void close() {
    try {
      client.close();
    } catch (InterruptedException _) {
      Thread.currentThread().interrupt();
    }
    allocator.close();
  }
}
