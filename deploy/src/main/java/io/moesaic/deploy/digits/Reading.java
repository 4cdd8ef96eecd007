package io.moesaic.deploy.digits;

import java.util.LinkedHashMap;
import java.util.Map;

/// An image that a cluster has read.
///
/// @param row of the file
/// @param pixels `[64]`, from 0 (paper) to 1 (ink); not to be written to
/// @param digit what it shows
/// @param read what the cluster says that it shows
/// @param expert the one that counts most for it
/// @param share how much that expert counts, from 0 to 1
record Reading(int row, float[] pixels, int digit, int read, int expert, double share) {
  /// @param row of the part of the file that was read
  /// @param firstRow of the file in that part
  /// @param scores the cluster's, `[64]`
  /// @param shares of the experts `[E]`
  static Reading of(Digits digits, int row, int firstRow, float[] scores, float[] shares) {
    int expert = 0;
    for (int e = 1; e < shares.length; e++) {
      expert = shares[e] > shares[expert] ? e : expert;
    }
    return new Reading(
        firstRow + row,
        digits.pixels(row),
        digits.label(row),
        Digits.digitOf(scores),
        expert,
        shares[expert]);
  }

  boolean right() {
    return read == digit;
  }

  Map<String, Object> json() {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("row", row);
    json.put("digit", digit);
    json.put("read", read);
    json.put("expert", expert);
    json.put("share", share);
    return json;
  }
}
