package io.moesaic.router.engine;

/// Why a text ended.
public enum FinishReason {
  /// The model, or the request, ended it with a stop token.
  STOP,
  /// The most tokens that the request allows.
  LENGTH
}
