package io.moesaic.router.layer;

import static java.nio.charset.StandardCharsets.UTF_8;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.grpc.Status;
import io.moesaic.wire.WireException;
import java.util.List;
import org.apache.arrow.flight.Action;
import org.apache.arrow.flight.ActionType;
import org.apache.arrow.flight.CallStatus;
import org.apache.arrow.flight.Criteria;
import org.apache.arrow.flight.FlightDescriptor;
import org.apache.arrow.flight.FlightInfo;
import org.apache.arrow.flight.NoOpFlightProducer;
import org.apache.arrow.flight.Result;

/// What there is, for Flight's methods that are not hot: a flight for each layer, and actions that
/// answer with JSON. Safe for concurrent use.
final class LayerCatalog extends NoOpFlightProducer {
  private static final ActionType DESCRIBE =
      new ActionType("describe", "Sizes, types and limits of the layers, as a JSON object.");
  private static final ActionType COUNTERS =
      new ActionType("counters", "What the service has counted since its start, as a JSON object.");

  private final LayerHandler handler;

  LayerCatalog(LayerHandler handler) {
    this.handler = handler;
  }

  private LayerDescription description() {
    var layers = handler.layers();
    if (layers == null) {
      throw CallStatus.UNAVAILABLE
          .withDescription(LayerHandler.loading().getDescription())
          .toRuntimeException();
    }
    return new LayerDescription(handler.model(), layers);
  }

  @Override
  public void listFlights(
      CallContext context, Criteria criteria, StreamListener<FlightInfo> listener) {
    var description = description();
    for (int layer = 0; layer < description.layers().bank().layers(); layer++) {
      var path = FlightDescriptor.path(description.model(), Integer.toString(layer));
      listener.onNext(info(description, path));
    }
    listener.onCompleted();
  }

  @Override
  public FlightInfo getFlightInfo(CallContext context, FlightDescriptor descriptor) {
    var description = description();
    try {
      if (descriptor.isCommand()) {
        throw WireException.invalid("flight_descriptor", "must be a path: [MODEL, LAYER]");
      }
      LayerTarget.layer(descriptor.getPath(), description.model(), description.layers());
    } catch (WireException e) {
      var status =
          e.code() == Status.Code.NOT_FOUND ? CallStatus.NOT_FOUND : CallStatus.INVALID_ARGUMENT;
      throw status.withDescription(e.getMessage()).toRuntimeException();
    }
    return info(description, descriptor);
  }

  private static FlightInfo info(LayerDescription description, FlightDescriptor descriptor) {
    return FlightInfo.builder(description.schema().toArrow(), descriptor, List.of())
        .setAppMetadata(description.json().toString().getBytes(UTF_8))
        .build();
  }

  @Override
  public void listActions(CallContext context, StreamListener<ActionType> listener) {
    listener.onNext(DESCRIBE);
    listener.onNext(COUNTERS);
    listener.onCompleted();
  }

  @Override
  public void doAction(CallContext context, Action action, StreamListener<Result> listener) {
    var json =
        switch (action.getType()) {
          case "describe" -> description().json();
          case "counters" -> {
            var counts = JsonNodeFactory.instance.objectNode();
            handler
                .counters()
                .snapshot()
                .forEach((counter, count) -> counts.put(counter.label(), count));
            yield counts;
          }
          case String other ->
              throw CallStatus.NOT_FOUND
                  .withDescription(
                      "action is \"%.100s\", must be describe or counters".formatted(other))
                  .toRuntimeException();
        };
    listener.onNext(new Result(json.toString().getBytes(UTF_8)));
    listener.onCompleted();
  }
}
