package io.moesaic.router.layer;

import com.google.protobuf.InvalidProtocolBufferException;
import io.grpc.Status;
import io.moesaic.wire.FlightFrame;
import io.moesaic.wire.LayerSchema;
import io.moesaic.wire.WireException;
import java.util.List;
import org.apache.arrow.flight.impl.Flight.FlightDescriptor;
import org.apache.arrow.flight.impl.Flight.FlightDescriptor.DescriptorType;

/// What a stream asks for in its first message: a layer, and the columns of its batches.
record LayerTarget(int layer, LayerSchema schema) {
  /// Reads the message that brings the schema.
  ///
  /// @throws WireException naming what is wrong with it
  static LayerTarget of(FlightFrame first, String model, ServedLayers layers) throws WireException {
    int layer = layer(first.verified().descriptor(), model, layers);
    var schema = LayerSchema.decode(first.header());
    var bank = layers.bank();
    if (schema.hidden() != bank.block().hidden()) {
      throw WireException.invalid(
          "schema.hidden",
          "has lists of %d items, but activations of model \"%s\" have %d"
              .formatted(schema.hidden(), model, bank.block().hidden()));
    }
    if (schema.expertsPerRow() > bank.experts()) {
      throw WireException.invalid(
          "schema.expert",
          "has lists of %d items, but a layer has %d experts"
              .formatted(schema.expertsPerRow(), bank.experts()));
    }
    return new LayerTarget(layer, schema);
  }

  /// The layer that a descriptor names.
  ///
  /// @throws WireException when it names none of this model
  static int layer(byte[] descriptor, String model, ServedLayers layers) throws WireException {
    try {
      var parsed = FlightDescriptor.parseFrom(descriptor);
      if (parsed.getType() == DescriptorType.CMD) {
        throw WireException.invalid("flight_descriptor", "must be a path: [MODEL, LAYER]");
      }
      return layer(parsed.getPathList(), model, layers);
    } catch (InvalidProtocolBufferException _) {
      throw WireException.invalid("flight_descriptor", "is not a FlightDescriptor");
    }
  }

  /// The layer that a path names.
  ///
  /// @throws WireException when it names none of this model
  static int layer(List<String> path, String model, ServedLayers layers) throws WireException {
    if (path.size() != 2) {
      throw WireException.invalid(
          "flight_descriptor.path",
          "has %d elements, must be [MODEL, LAYER]".formatted(path.size()));
    }
    if (!path.getFirst().equals(model)) {
      throw notFound(0, path, "but this node serves model \"" + model + "\"");
    }
    int count = layers.bank().layers();
    if (!path.getLast().matches("[0-9]{1,4}") || Integer.parseInt(path.getLast()) >= count) {
      throw notFound(1, path, "must be a layer from 0 to " + (count - 1));
    }
    return Integer.parseInt(path.getLast());
  }

  private static WireException notFound(int index, List<String> path, String expected) {
    return new WireException(
        Status.Code.NOT_FOUND,
        "flight_descriptor.path[" + index + "]",
        "is \"%.100s\", %s".formatted(path.get(index), expected));
  }
}
