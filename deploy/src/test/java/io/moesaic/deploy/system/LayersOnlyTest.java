package io.moesaic.deploy.system;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.moesaic.deploy.dev.ClusterProgress;
import io.moesaic.deploy.dev.ClusterSpec;
import io.moesaic.deploy.dev.ExpertHost;
import io.moesaic.deploy.dev.LocalCluster;
import io.moesaic.tensor.TestModels;
import io.moesaic.tensor.checkpoint.Checkpoint;
import io.moesaic.tensor.checkpoint.SafetensorsWriter;
import io.moesaic.wire.LayerSchema;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.net.URI;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.Random;
import org.apache.arrow.flight.FlightClient;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.Location;
import org.apache.arrow.memory.RootAllocator;
import org.apache.arrow.vector.Float4Vector;
import org.apache.arrow.vector.VectorSchemaRoot;
import org.apache.arrow.vector.complex.FixedSizeListVector;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// A model of MoE layers and nothing else is served over Arrow Flight, and says so over HTTP.
@Timeout(240)
class LayersOnlyTest {
  private static final int HIDDEN = 32;
  private static final int ROWS = 7;

  @TempDir private Path directory = Path.of(".");

  /// The MoE layers of the golden Mixtral under the names of Moesaic's own type.
  private Path layersOfMixtral() throws IOException {
    var model = Files.createDirectory(directory.resolve("layers"));
    Files.writeString(
        model.resolve("config.json"),
        """
        {"model_type": "moe_layers", "num_layers": 2, "hidden_size": 32, "intermediate_size": 48,
         "num_experts": 8, "policy": {"type": "softmax_top_k", "k": 2, "renormalize": true}}
        """);
    var writer = new SafetensorsWriter();
    try (var checkpoint = Checkpoint.open(TestModels.mixtral());
        var arena = Arena.ofConfined()) {
      for (var name : checkpoint.names()) {
        if (name.contains(".block_sparse_moe.")) {
          var tensor = checkpoint.map(name, arena);
          var values = new float[Math.toIntExact(tensor.shape().elements())];
          for (int i = 0; i < values.length; i++) {
            values[i] = tensor.getFloat(i);
          }
          writer.add(ownName(name), tensor.shape(), values);
        }
      }
    }
    writer.write(model.resolve("model.safetensors"));
    return model;
  }

  private static String ownName(String name) {
    return name.replace("model.layers.", "layers.")
        .replace("block_sparse_moe.", "")
        .replace(".w1.", ".gate_proj.")
        .replace(".w3.", ".up_proj.")
        .replace(".w2.", ".down_proj.");
  }

  private static ClusterSpec spec(Path model) {
    return ClusterSpec.of(model).withExperts(2).withExpertHost(ExpertHost.IN_PROCESS);
  }

  /// What layer 1 makes of some rows.
  @SuppressWarnings("try") // closing may be interrupted
  private static float[] output(URI flight, String model) throws Exception {
    var random = new Random(5);
    try (var allocator = new RootAllocator();
        var client =
            FlightClient.builder(
                    allocator, Location.forGrpcInsecure(flight.getHost(), flight.getPort()))
                .build();
        var exchange = client.doExchange(FlightDescriptor.path(model, "1"));
        var rows = VectorSchemaRoot.create(LayerSchema.moe(HIDDEN).toArrow(), allocator)) {
      var list = (FixedSizeListVector) rows.getVector("hidden");
      for (int row = 0; row < ROWS; row++) {
        list.startNewValue(row);
      }
      for (int i = 0; i < ROWS * HIDDEN; i++) {
        ((Float4Vector) list.getDataVector()).setSafe(i, random.nextFloat() - 0.5f);
      }
      rows.setRowCount(ROWS);
      exchange.getWriter().start(rows);
      exchange.getWriter().putNext();
      assertTrue(exchange.getReader().next());
      var reply = (FixedSizeListVector) exchange.getReader().getRoot().getVector("hidden");
      var values = new float[ROWS * HIDDEN];
      for (int i = 0; i < values.length; i++) {
        values[i] = ((Float4Vector) reply.getDataVector()).get(i);
      }
      exchange.getWriter().completed();
      return values;
    }
  }

  @Test
  void givesTheBitsOfTheModelThatTheLayersAreOf() throws Exception {
    float[] expected;
    try (var cluster = LocalCluster.start(spec(TestModels.mixtral()), ClusterProgress.SILENT)) {
      expected = output(cluster.flightUrl(), "mixtral");
    }
    try (var cluster = LocalCluster.start(spec(layersOfMixtral()), ClusterProgress.SILENT);
        var http = new ApiClient(cluster.url())) {
      assertArrayEquals(expected, output(cluster.flightUrl(), "layers"));

      assertEquals(200, http.get("/health").statusCode());
      var models = new ObjectMapper().readTree(http.get("/v1/models").body());
      assertEquals("layers", models.path("data").path(0).path("id").asText());
      var refusal = http.complete(Map.of("model", "layers", "prompt", "Hello"));
      assertEquals(400, refusal.statusCode());
      var error = new ObjectMapper().readTree(refusal.body()).path("error");
      assertEquals("layers_only", error.path("code").asText());
      assertEquals(
          "Model 'layers' has MoE layers and nothing else, so it writes no texts; its layers are"
              + " served over Arrow Flight",
          error.path("message").asText());
    }
  }
}
