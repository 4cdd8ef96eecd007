package io.moesaic.deploy.verify;

import io.moesaic.tensor.DType;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;

/// How far a cluster's results are from the reference's.
///
/// @param model directory of the checkpoint
/// @param experts expert nodes that ran
/// @param wire type of activations between the nodes
/// @param rotary type of the rotary frequencies in this run
/// @param tolerance largest error of a logit that passes, in units of [#logitsDeviation] where
///     that is above 1
/// @param logitsError largest error of a logit
/// @param logitsDeviation standard deviation of the reference's logits
/// @param layers errors of each MoE block
/// @param greedyDiffering generated tokens that differ, of [#greedyTokens]
public record VerificationReport(
    String model,
    int experts,
    String wire,
    DType rotary,
    double tolerance,
    double logitsError,
    double logitsDeviation,
    List<Layer> layers,
    int greedyDiffering,
    int greedyTokens) {
  public VerificationReport {
    layers = List.copyOf(layers);
  }

  /// Errors of an MoE block; what the reference does not tell is empty.
  ///
  /// @param inputError largest error of the block's input
  /// @param outputError largest error of the block's output
  /// @param choicesDiffering choices of an expert that differ
  public record Layer(
      int layer,
      OptionalDouble inputError,
      OptionalDouble outputError,
      OptionalInt choicesDiffering) {}

  /// Largest error of a logit that passes, in its own units.
  public double allowedError() {
    return tolerance * Math.max(1, logitsDeviation);
  }

  /// Whether the logits are within the tolerance and all choices and greedy tokens equal.
  public boolean passed() {
    // A NaN is not within anything.
    return logitsError <= allowedError()
        && greedyDiffering == 0
        && layers.stream().allMatch(layer -> layer.choicesDiffering().orElse(0) == 0);
  }
}
