package io.moesaic.router.engine;

/// Bounds of an engine.
///
/// @param waiting most requests that wait to be admitted
/// @param running most sequences that are advanced together
/// @param stepTokens most token rows of one step; longer prompts take several
public record EngineLimits(int waiting, int running, int stepTokens) {
  public EngineLimits {
    if (waiting < 1 || running < 1 || stepTokens < running) {
      throw new IllegalArgumentException(
          ("waiting requests are %d, running sequences %d, both must be at least 1; tokens of a"
                  + " step are %d, must be at least the running sequences")
              .formatted(waiting, running, stepTokens));
    }
  }
}
