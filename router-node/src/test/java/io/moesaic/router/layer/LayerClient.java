package io.moesaic.router.layer;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.moesaic.wire.NodeAddress;
import java.io.IOException;
import java.io.UncheckedIOException;
import org.apache.arrow.flight.FlightClient;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.flight.Location;
import org.apache.arrow.memory.BufferAllocator;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.junit.jupiter.api.Assertions;

/// A client of Arrow's own make, one connection. Closing it checks that its memory is released.
final class LayerClient implements AutoCloseable {
  private final BufferAllocator allocator = new RootAllocator();
  private final FlightClient client;

  LayerClient(NodeAddress service) {
    client =
        FlightClient.builder(allocator, Location.forGrpcInsecure(service.host(), service.port()))
            .build();
  }

  FlightClient flight() {
    return client;
  }

  BufferAllocator allocator() {
    return allocator;
  }

  /// Opens a stream whose batches have these columns.
  Exchange open(int layer, Rows.Columns columns) {
    return open(
        FlightDescriptor.path(LayerCluster.MODEL, Integer.toString(layer)),
        VectorSchemaRoot.create(columns.schema(), allocator));
  }

  Exchange open(FlightDescriptor descriptor, VectorSchemaRoot root) {
    return new Exchange(client.doExchange(descriptor), root);
  }

  /// What came back for a batch.
  ///
  /// @param values widened, row by row
  record Reply(float[] values, JsonNode metadata) {}

  /// One stream.
  final class Exchange implements AutoCloseable {
    private final FlightClient.ExchangeReaderWriter exchange;
    private final VectorSchemaRoot root;

    private Exchange(FlightClient.ExchangeReaderWriter exchange, VectorSchemaRoot root) {
      this.exchange = exchange;
      this.root = root;
      exchange.getWriter().start(root);
    }

    VectorSchemaRoot root() {
      return root;
    }

    void send(Rows rows, String json) {
      rows.fill(root);
      sendRoot(json);
    }

    void sendRoot(String json) {
      var bytes = json.getBytes(UTF_8);
      if (bytes.length == 0) {
        exchange.getWriter().putNext();
      } else {
        var metadata = allocator.buffer(bytes.length);
        metadata.writeBytes(bytes);
        exchange.getWriter().putNext(metadata);
      }
    }

    Reply reply() {
      Assertions.assertTrue(exchange.getReader().next(), "the stream ended without a reply");
      var metadata = exchange.getReader().getLatestMetadata();
      var json = new byte[(int) metadata.readableBytes()];
      metadata.getBytes(0, json);
      try {
        return new Reply(
            Rows.values(exchange.getReader().getRoot()), new ObjectMapper().readTree(json));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    Reply ask(Rows rows, String json) {
      send(rows, json);
      return reply();
    }

    /// How the stream was ended by the service: code and sentence.
    String refusal() {
      var e =
          Assertions.assertThrows(
              FlightRuntimeException.class,
              () -> {
                while (exchange.getReader().next()) {
                  // answers to earlier batches
                }
              });
      return e.status().code() + " " + e.status().description();
    }

    void halfClose() {
      exchange.getWriter().completed();
    }

    boolean isOver() {
      return !exchange.getReader().next();
    }

    void cancel() {
      exchange.getReader().cancel("the client has gone", null);
    }

    @Override
    public void close() {
      try {
        exchange.close();
      } catch (Exception _) {
        // It tells once more how the stream was ended.
      }
      root.close();
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
