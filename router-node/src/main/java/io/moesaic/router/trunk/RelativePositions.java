package io.moesaic.router.trunk;

/// How distances between tokens are told apart (Raffel et al. 2020, "T5"): short ones each by
/// itself, longer ones in buckets whose width grows with the distance.
///
/// @param buckets of all distances
/// @param maxDistance from which on all are in the same bucket
/// @param bothWays whether tokens ahead have half of the buckets; otherwise nobody looks ahead
record RelativePositions(int buckets, int maxDistance, boolean bothWays) {
  /// @param distance position of a key less that of the query
  int bucket(int distance) {
    int count = bothWays ? buckets / 2 : buckets;
    int first = bothWays && distance > 0 ? count : 0;
    int away = bothWays ? Math.abs(distance) : Math.max(0, -distance);
    int exact = count / 2;
    if (away < exact) {
      return first + away;
    }
    // In float32 and in this order, as the reference rounds.
    float octaves = (float) StrictMath.log((float) away / exact);
    float share = octaves / (float) StrictMath.log((double) maxDistance / exact);
    return first + Math.min(exact + (int) (share * (count - exact)), count - 1);
  }
}
