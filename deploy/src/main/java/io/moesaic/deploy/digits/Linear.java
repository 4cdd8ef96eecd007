package io.moesaic.deploy.digits;

import io.moesaic.tensor.Shape;
import io.moesaic.tensor.checkpoint.Checkpoint;
import io.moesaic.tensor.checkpoint.SafetensorsWriter;
import java.lang.foreign.Arena;
import java.util.function.IntUnaryOperator;

/// One linear map on its way between a mixture, where an input's weights are neighbours and the
/// bias is one more input, and a checkpoint, where it is `weight [outputs, inputs]` and `bias
/// [outputs]`.
///
/// @param used outputs that the mixture has; the checkpoint's others are zeros
/// @param rowOf where the mixture holds the weights of an input, and of the bias after the last
record Linear(String name, int outputs, int inputs, int used, IntUnaryOperator rowOf) {
  private Shape weightShape() {
    return Shape.of(outputs, inputs);
  }

  void write(double[] parameters, SafetensorsWriter writer) {
    var weight = new float[outputs * inputs];
    var bias = new float[outputs];
    for (int output = 0; output < used; output++) {
      for (int input = 0; input < inputs; input++) {
        weight[output * inputs + input] = (float) parameters[rowOf.applyAsInt(input) + output];
      }
      bias[output] = (float) parameters[rowOf.applyAsInt(inputs) + output];
    }
    writer.add(name + ".weight", weightShape(), weight);
    writer.add(name + ".bias", Shape.of(outputs), bias);
  }

  void read(Checkpoint checkpoint, double[] parameters) {
    try (var arena = Arena.ofConfined()) {
      var weight = checkpoint.map(name + ".weight", weightShape(), arena);
      var bias = checkpoint.map(name + ".bias", Shape.of(outputs), arena);
      for (int output = 0; output < used; output++) {
        for (int input = 0; input < inputs; input++) {
          parameters[rowOf.applyAsInt(input) + output] =
              weight.getFloat((long) output * inputs + input);
        }
        parameters[rowOf.applyAsInt(inputs) + output] = bias.getFloat(output);
      }
    }
  }
}
