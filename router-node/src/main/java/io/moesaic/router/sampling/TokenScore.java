package io.moesaic.router.sampling;

import java.util.List;

/// A token and how likely the model found it.
///
/// @param logprob natural logarithm of its probability under the model's unmodified logits; NaN
///     when none was asked for or, for a prompt's first token, nothing came before it
/// @param top the most likely tokens at this place, best first; empty when none were asked for
public record TokenScore(int token, float logprob, List<Alternative> top) {
  /// A token that might have stood here.
  public record Alternative(int token, float logprob) {}

  /// A token of which nothing more is asked.
  public static TokenScore unscored(int token) {
    return new TokenScore(token, Float.NaN, List.of());
  }
}
