package io.moesaic.router.engine;

import io.moesaic.router.sampling.TokenScore;
import java.util.List;

/// Told what becomes of a request, on the engine's thread: implementations hand over and return.
/// Exactly one of [#finished] and [#failed] ends it, unless the request is cancelled; after a
/// cancellation a few calls may still come.
public interface GenerationListener {
  /// Comes first, if the request asked for it.
  ///
  /// @param tokens one score for each prompt token
  void promptScored(List<TokenScore> tokens);

  /// The next token of the text.
  void generated(TokenScore token);

  void finished(FinishReason reason);

  void failed(GenerationFailure failure);
}
