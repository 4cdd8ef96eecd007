package io.moesaic.deploy.digits;

import static io.moesaic.deploy.digits.Digits.CLASSES;
import static io.moesaic.deploy.digits.Digits.PIXELS;

/// How large a [JacobsMixture] is, and where in one array its parameters lie:
///
/// ```
///   gate [65, E]        row j: from pixel j to the score of each expert
///   up   [65, E * I]    row j: from pixel j to the hidden units of all experts
///   down [E, I + 1, 10] row i of expert e: from its hidden unit i to the digits
/// ```
/// The last row of each is the bias, as if one more input were always 1. An input's weights are
/// neighbours, so that an input of zero (half of the pixels, half of the hidden units) is skipped.
///
/// @param experts E
/// @param hidden I, hidden units of an expert
public record MixtureSize(int experts, int hidden) {
  static final int MAX_EXPERTS = 64;
  static final int MAX_HIDDEN = 1024;

  public MixtureSize {
    if (experts < 1 || experts > MAX_EXPERTS) {
      throw new IllegalArgumentException(
          "experts is %d, must be from 1 to %d".formatted(experts, MAX_EXPERTS));
    }
    if (hidden < 1 || hidden > MAX_HIDDEN) {
      throw new IllegalArgumentException(
          "hidden is %d, must be from 1 to %d".formatted(hidden, MAX_HIDDEN));
    }
  }

  /// Hidden units of all experts together.
  int units() {
    return experts * hidden;
  }

  /// The parameters of the gate come first.
  int gateParameters() {
    return up(0);
  }

  int parameters() {
    return down(experts, 0);
  }

  /// Row `pixel` of the gate, E weights.
  int gate(int pixel) {
    return pixel * experts;
  }

  /// Row `pixel` of all experts' first layers, E * I weights.
  int up(int pixel) {
    return (PIXELS + 1) * experts + pixel * units();
  }

  /// Row `unit` of an expert's second layer, 10 weights.
  int down(int expert, int unit) {
    return up(PIXELS + 1) + (expert * (hidden + 1) + unit) * CLASSES;
  }
}
