package io.moesaic.router.engine;

/// Why a request could not be finished.
///
/// @param message for the client: what happened and what to do
public record GenerationFailure(Code code, String message) {
  public enum Code {
    /// No node that hosts a needed expert answers. Worth another try when it is back.
    EXPERT_UNAVAILABLE,
    /// The node stops. Worth another try elsewhere.
    SHUTTING_DOWN,
    /// A defect of ours, or a node that computes nonsense.
    INTERNAL
  }
}
