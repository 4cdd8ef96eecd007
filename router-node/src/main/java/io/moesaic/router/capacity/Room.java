package io.moesaic.router.capacity;

import io.moesaic.router.capacity.CapacityPolicy.Per;
import io.moesaic.router.placement.Placement;
import java.util.Arrays;

/// The places that are left, in pools that one expert has to itself or that the experts of a node
/// share.
final class Room {
  private final int[] poolOf;
  private final long[] left;

  private Room(int[] poolOf, long[] left) {
    this.poolOf = poolOf;
    this.left = left;
  }

  /// @param capacity places of each expert
  static Room of(Per per, int capacity, Placement placement, int layer, int experts) {
    var poolOf = new int[experts];
    Arrays.setAll(
        poolOf,
        expert ->
            switch (per) {
              case EXPERT -> expert;
              // Experts without a node have a pool of their own, after those of the nodes.
              case NODE -> placement.host(layer, expert) - Placement.NO_HOST;
            });
    var left = new long[Arrays.stream(poolOf).max().orElse(-1) + 1];
    for (int pool : poolOf) {
      left[pool] += capacity;
    }
    return new Room(poolOf, left);
  }

  /// Takes a place for the expert.
  ///
  /// @return whether there was one
  boolean take(int expert) {
    if (left[poolOf[expert]] == 0) {
      return false;
    }
    left[poolOf[expert]]--;
    return true;
  }
}
