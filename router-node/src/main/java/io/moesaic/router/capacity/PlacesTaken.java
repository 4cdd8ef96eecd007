package io.moesaic.router.capacity;

import java.util.HashMap;
import java.util.Map;

/// The places that the tokens of one sequence have taken so far, by MoE layer and expert: where a
/// capacity counts whole sequences, they stay taken from one pass to the next. So it makes no
/// difference how a sequence is cut into passes. For one thread.
public final class PlacesTaken {
  private final Map<Integer, int[]> layers = new HashMap<>();

  /// Whether no pass has come to the layer.
  boolean isNew(int layer) {
    return !layers.containsKey(layer);
  }

  /// By expert; who takes a place adds it.
  int[] of(int layer, int experts) {
    return layers.computeIfAbsent(layer, _ -> new int[experts]);
  }
}
