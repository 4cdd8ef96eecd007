package io.moesaic.router.trunk;

/// Sight of what comes before a token in its text, and of itself.
///
/// @param positions how many positions, its own included, a token attends to; 0 for all
record Window(int positions) implements Sight {
  static final Window ALL = new Window(0);

  @Override
  public int from(KvSequence cache, int place) {
    int begin = cache.textBegin();
    return positions == 0 ? begin : Math.max(begin, place + 1 - positions);
  }

  @Override
  public int end(KvSequence cache, int place) {
    return place + 1;
  }
}
