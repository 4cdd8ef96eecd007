package io.moesaic.router.engine;

/// Bounds of an engine.
///
/// @param waiting most texts that wait to be admitted
/// @param running most sequences that are advanced together
/// @param stepTokens most token rows of one step; longer prompts take several
public record EngineLimits(int waiting, int running, int stepTokens) {
  /// Longer windows do not make capacities fairer, and who decodes waits for them.
  private static final int MAX_WINDOW = 256;

  public EngineLimits {
    if (waiting < 1 || running < 1 || stepTokens < running) {
      throw new IllegalArgumentException(
          ("waiting texts are %d, running sequences %d, both must be at least 1; tokens of a step"
                  + " are %d, must be at least the running sequences")
              .formatted(waiting, running, stepTokens));
    }
  }

  /// Positions of the windows in which `members` sequences are computed that advance together. They
  /// depend on these bounds only, and fit in a step beside one row of every other sequence:
  /// `members · window <= stepTokens - (running - members)`.
  int window(int members) {
    return Math.max(1, Math.min(MAX_WINDOW, stepTokens - running + 1) / members);
  }
}
