package io.moesaic.tensor.ffn;

import io.moesaic.tensor.Weight;
import java.util.List;

/// The weights of a feed-forward block as a checkpoint holds them: views, to be packed.
///
/// @param block what is computed with them
/// @param inward the products `[intermediate, hidden]`: gate and up, or up alone for
///     [FeedForward.Relu]
/// @param down the product `[hidden, intermediate]`
public record ExpertWeights(FeedForward block, List<Linear> inward, Linear down) {
  public ExpertWeights {
    inward = List.copyOf(inward);
    int products =
        switch (block) {
          case FeedForward.SwiGlu _, FeedForward.ClampedSwiGlu _ -> 2;
          case FeedForward.Relu _ -> 1;
        };
    if (inward.size() != products) {
      throw new IllegalArgumentException(
          "%s has %d products inward, got %d".formatted(block, products, inward.size()));
    }
    for (var linear : inward) {
      check(block, linear, block.intermediate(), block.hidden());
    }
    check(block, down, block.hidden(), block.intermediate());
  }

  private static void check(FeedForward block, Linear linear, int outputs, int inputs) {
    var weight = linear.weight();
    boolean hasBias = linear.bias().length > 0;
    if (weight.outputs() != outputs || weight.inputs() != inputs || hasBias != block.biased()) {
      throw new IllegalArgumentException(
          "\"%s\" is [%d, %d] %s a bias, but %s needs [%d, %d] %s"
              .formatted(
                  weight.name(),
                  weight.outputs(),
                  weight.inputs(),
                  hasBias ? "with" : "without",
                  block,
                  outputs,
                  inputs,
                  block.biased() ? "with one" : "without"));
    }
  }

  /// A [FeedForward.SwiGlu] block of the widths that its weights have.
  public static ExpertWeights swiGlu(Weight gate, Weight up, Weight down) {
    return new ExpertWeights(
        new FeedForward.SwiGlu(up.inputs(), up.outputs()),
        List.of(Linear.of(gate), Linear.of(up)),
        Linear.of(down));
  }

  /// A [FeedForward.Relu] block of the widths that its weights have.
  public static ExpertWeights relu(Linear up, Linear down) {
    var block =
        new FeedForward.Relu(up.weight().inputs(), up.weight().outputs(), up.bias().length > 0);
    return new ExpertWeights(block, List.of(up), down);
  }
}
