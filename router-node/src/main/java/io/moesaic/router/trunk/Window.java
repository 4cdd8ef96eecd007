package io.moesaic.router.trunk;

/// How far back a token sees.
///
/// @param positions how many positions, its own included, a token attends to; 0 for all
record Window(int positions) {
  static final Window ALL = new Window(0);

  /// The first position that a token at `position` attends to.
  int from(int position) {
    return positions == 0 ? 0 : Math.max(0, position + 1 - positions);
  }
}
