package io.moesaic.deploy.digits;

/// The one inner loop of this package.
final class Rows {
  private Rows() {}

  /// `to += factor * from`, for `count` elements.
  static void add(double factor, double[] from, int fromAt, double[] to, int toAt, int count) {
    for (int i = 0; i < count; i++) {
      to[toAt + i] += factor * from[fromAt + i];
    }
  }
}
