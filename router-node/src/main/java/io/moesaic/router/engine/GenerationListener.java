package io.moesaic.router.engine;

import io.moesaic.router.capacity.MoeTotals;
import io.moesaic.router.sampling.TokenScore;
import java.util.List;

/// Told what becomes of a text, on the engine's thread: implementations hand over and return.
/// Exactly one of [#finished] and [#failed] ends it, unless it is cancelled; after a cancellation a
/// few calls may still come.
public interface GenerationListener {
  /// The next positions have been computed. Comes before what they led to, if the request asked for
  /// it; a text that has `n` tokens so far was computed at the `n - 1` positions before the last.
  ///
  /// @param totals what became of their expert choices
  /// @param experts of each position, if the request asked for them: `[layers, ranks]` in one
  ///     array, [io.moesaic.router.gate.Choices#NONE] for those that were dropped
  void routed(MoeTotals totals, List<int[]> experts);

  /// Comes before all tokens, if the request asked for it.
  ///
  /// @param tokens one score for each prompt token
  void promptScored(List<TokenScore> tokens);

  /// The next token of the text.
  void generated(TokenScore token);

  void finished(FinishReason reason);

  void failed(GenerationFailure failure);
}
