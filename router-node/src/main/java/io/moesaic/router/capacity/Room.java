package io.moesaic.router.capacity;

import io.moesaic.router.capacity.CapacityPolicy.Per;
import io.moesaic.router.placement.Placement;
import java.util.Arrays;

/// The places that are left, in pools that one expert has to itself or that the experts of a node
/// share.
final class Room {
  private final int[] poolOf;
  private final int[] sizes;
  private final long[] left;

  private Room(int[] poolOf) {
    this.poolOf = poolOf;
    sizes = new int[Arrays.stream(poolOf).max().orElse(-1) + 1];
    left = new long[sizes.length];
    for (int pool : poolOf) {
      sizes[pool]++;
    }
  }

  static Room of(Per per, Placement placement, int layer, int experts) {
    var poolOf = new int[experts];
    Arrays.setAll(
        poolOf,
        expert ->
            switch (per) {
              case EXPERT -> expert;
              // Experts without a node share the first pool.
              case NODE -> placement.host(layer, expert) - Placement.NO_HOST;
            });
    return new Room(poolOf);
  }

  /// Makes all places free but those that are taken.
  ///
  /// @param capacity places of each expert
  /// @param taken by expert
  void open(int capacity, int[] taken) {
    for (int pool = 0; pool < left.length; pool++) {
      left[pool] = (long) sizes[pool] * capacity;
    }
    for (int expert = 0; expert < taken.length; expert++) {
      left[poolOf[expert]] -= taken[expert];
    }
  }

  boolean has(int expert) {
    return left[poolOf[expert]] > 0;
  }

  /// Takes a place for the expert.
  ///
  /// @return whether there was one
  boolean take(int expert) {
    if (!has(expert)) {
      return false;
    }
    left[poolOf[expert]]--;
    return true;
  }
}
