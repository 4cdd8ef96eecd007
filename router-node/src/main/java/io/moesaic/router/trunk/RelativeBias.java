package io.moesaic.router.trunk;

import io.moesaic.tensor.Shape;
import java.lang.foreign.Arena;

/// What each head adds to the score of a key, by its distance from the query. All layers of a stack
/// share it.
///
/// @param farthest distance, from which on the bias is the same
/// @param biases for each head those of the distances `-farthest` to `farthest`
record RelativeBias(int farthest, float[][] biases) {
  /// @param name of a tensor `[buckets, heads]`
  static RelativeBias load(
      RelativePositions positions, int heads, String name, WeightLoader loader) {
    int farthest = positions.maxDistance();
    var biases = new float[heads][2 * farthest + 1];
    try (var mapping = Arena.ofShared()) {
      var table = loader.map(name, Shape.of(positions.buckets(), heads), mapping);
      for (int distance = -farthest; distance <= farthest; distance++) {
        int bucket = positions.bucket(distance);
        for (int head = 0; head < heads; head++) {
          biases[head][distance + farthest] = table.getFloat((long) bucket * heads + head);
        }
      }
    }
    return new RelativeBias(farthest, biases);
  }

  /// @param distance position of the key less that of the query
  float at(int head, int distance) {
    return biases[head][Math.clamp(distance, -farthest, farthest) + farthest];
  }
}
