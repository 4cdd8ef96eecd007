package io.moesaic.expert.rpc;

import com.google.protobuf.InvalidProtocolBufferException;
import io.grpc.Metadata;
import io.grpc.ServerCall;
import io.grpc.ServerCallHandler;
import io.grpc.Status;
import io.moesaic.expert.metrics.ExpertCounter;
import io.moesaic.expert.metrics.ExpertCounters;
import io.moesaic.wire.FlightFrame;
import io.moesaic.wire.TokenSchema;
import io.moesaic.wire.WireException;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import org.apache.arrow.flight.impl.Flight.FlightDescriptor;

/// Serves DoExchange: opens streams, checks their first message, and ends them when the node does.
/// Runs on event loops, so it neither blocks nor computes.
public final class ExchangeHandler implements ServerCallHandler<FlightFrame, FlightFrame> {
  private final Model model;
  private final Intake intake;
  private final ExpertCounters counters;

  // Guarded by itself.
  private final Set<ExchangeStream> streams = new HashSet<>();

  /// What a stream's first message must agree with.
  ///
  /// @param hidden width of an activation
  public record Model(String name, int hidden) {}

  public ExchangeHandler(Model model, Intake intake, ExpertCounters counters) {
    this.model = model;
    this.intake = intake;
    this.counters = counters;
  }

  /// Ends every stream, and waits until their peers have received everything that was answered.
  ///
  /// @return whether they have
  public boolean endStreams(Duration patience) throws InterruptedException {
    long end = System.nanoTime() + patience.toNanos();
    List<ExchangeStream> open;
    synchronized (streams) {
      open = List.copyOf(streams);
    }
    open.forEach(stream -> stream.end(Intake.shuttingDown().status()));
    synchronized (streams) {
      for (long millis = patience.toMillis();
          !streams.isEmpty() && millis > 0;
          millis = (end - System.nanoTime()) / 1_000_000) {
        streams.wait(millis);
      }
      return streams.isEmpty();
    }
  }

  @Override
  public ServerCall.Listener<FlightFrame> startCall(
      ServerCall<FlightFrame, FlightFrame> call, Metadata headers) {
    var stream = new ExchangeStream(this, intake, call);
    synchronized (streams) {
      streams.add(stream);
    }
    stream.start();
    return stream;
  }

  void ended(ExchangeStream stream) {
    synchronized (streams) {
      streams.remove(stream);
      streams.notifyAll();
    }
  }

  // ---- how a stream begins

  /// @throws WireException when the message is for another model
  void checkDescriptor(FlightFrame first) throws WireException {
    try {
      checkDescriptor(first.verified().descriptor());
    } catch (WireException e) {
      counters.increment(ExpertCounter.STREAMS_REFUSED);
      throw e;
    }
  }

  /// @throws WireException when the message is no schema that this node serves
  TokenSchema schema(FlightFrame first) throws WireException {
    try {
      return checked(first);
    } catch (WireException e) {
      counters.increment(ExpertCounter.STREAMS_REFUSED);
      throw e;
    }
  }

  private TokenSchema checked(FlightFrame first) throws WireException {
    checkDescriptor(first.verified().descriptor());
    var schema = TokenSchema.decodeRequest(first.header());
    if (schema.hidden() != model.hidden()) {
      throw WireException.invalid(
          "schema.hidden",
          "has lists of %d items, but activations of model \"%s\" have %d"
              .formatted(schema.hidden(), model.name(), model.hidden()));
    }
    return schema;
  }

  private void checkDescriptor(byte[] bytes) throws WireException {
    FlightDescriptor descriptor;
    try {
      descriptor = FlightDescriptor.parseFrom(bytes);
    } catch (InvalidProtocolBufferException _) {
      throw WireException.invalid("flight_descriptor", "is not a FlightDescriptor");
    }
    if (descriptor.getPathCount() > 0 && !descriptor.getPath(0).equals(model.name())) {
      throw new WireException(
          Status.Code.NOT_FOUND,
          "flight_descriptor.path[0]",
          "is \"%.100s\", but this node serves model \"%s\""
              .formatted(descriptor.getPath(0), model.name()));
    }
  }
}
