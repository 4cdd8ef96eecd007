package io.moesaic.router.layer;

import static java.nio.charset.StandardCharsets.UTF_8;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.fasterxml.jackson.databind.ObjectMapper;
import io.moesaic.router.layer.Rows.Columns;
import io.moesaic.tensor.TestModels;
import java.util.List;
import java.util.stream.StreamSupport;
import org.apache.arrow.flight.Action;
import org.apache.arrow.flight.ActionType;
import org.apache.arrow.flight.Criteria;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightRuntimeException;
import org.apache.arrow.flight.Ticket;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

/// What a client can find out before it sends anything.
class CatalogTest {
  private static final FlightDescriptor LAYER_1 = FlightDescriptor.path("tiny", "1");

  private final LayerCluster cluster;
  private final LayerClient client;

  CatalogTest() throws Exception {
    cluster = LayerCluster.of(TestModels.mixtral());
    client = cluster.client();
  }

  @AfterEach
  void close() {
    client.close();
    cluster.close();
  }

  private String action(String type) {
    return new String(client.flight().doAction(new Action(type)).next().getBody(), UTF_8);
  }

  private static String refusal(Executable call) {
    var e = assertThrows(FlightRuntimeException.class, call);
    return e.status().code() + " " + e.status().description();
  }

  @Test
  void describesSizesTypesAndLimits() throws Exception {
    var expected =
        """
        {"model":"tiny","layers":2,"experts":8,"hidden":32,"k":2,\
        "policy":{"type":"softmax_top_k","k":2,"renormalize":true,"scale":1.0},\
        "weights_scale":"output","modes":["experts","moe"],"dtypes":["f32","f16","bf16"],\
        "max_rows":512,"max_rows_by_k":[512,512,256,256,170,170,128,128],\
        "max_batches_in_flight":8,"max_exchanges":256}\
        """;
    assertEquals(expected, action("describe"));
    var info = client.flight().getInfo(LAYER_1);
    assertEquals(expected, new String(info.getAppMetadata(), UTF_8));
    assertEquals(Columns.experts(32, 2).schema(), info.getSchemaOptional().orElseThrow());
    assertEquals(
        info.getSchemaOptional().orElseThrow(), client.flight().getSchema(LAYER_1).getSchema());
    assertEquals(0, new ObjectMapper().readTree(action("counters")).path("rows_answered").asInt());
  }

  @Test
  void listsLayersAndActions() {
    var flights = client.flight().listFlights(Criteria.ALL);
    assertEquals(
        List.of(FlightDescriptor.path("tiny", "0"), LAYER_1),
        StreamSupport.stream(flights.spliterator(), false)
            .map(flight -> flight.getDescriptor())
            .toList());
    var actions = client.flight().listActions();
    assertEquals(
        List.of("describe", "counters"),
        StreamSupport.stream(actions.spliterator(), false).map(ActionType::getType).toList());
  }

  @Test
  void refusesWhatIsNotThere() {
    assertEquals(
        "NOT_FOUND flight_descriptor.path[1]: is \"9\", must be a layer from 0 to 1",
        refusal(() -> client.flight().getInfo(FlightDescriptor.path("tiny", "9"))));
    assertEquals(
        "INVALID_ARGUMENT flight_descriptor: must be a path: [MODEL, LAYER]",
        refusal(() -> client.flight().getSchema(FlightDescriptor.command(new byte[0]))));
    assertEquals(
        "NOT_FOUND action is \"dance\", must be describe or counters",
        refusal(() -> action("dance")));
    var refused = refusal(() -> client.flight().getStream(new Ticket(new byte[0])).next());
    assertEquals("UNIMPLEMENTED", refused.split(" ", 2)[0]);
  }
}
