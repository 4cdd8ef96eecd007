package io.moesaic.deploy.spelling;

import java.util.Collection;
import java.util.Comparator;
import java.util.Optional;

/// Finds what somebody meant who made a slip of the pen.
public final class NearestName {
  private NearestName() {}

  /// The known name that the fewest edits lead to; none when it would take more than a third of the
  /// name.
  public static Optional<String> of(String name, Collection<String> known) {
    int most = Math.max(1, name.length() / 3);
    return known.stream()
        .filter(candidate -> edits(name, candidate) <= most)
        .min(Comparator.comparingInt(candidate -> edits(name, candidate)));
  }

  /// " (did you mean ...?)", or nothing.
  public static String hint(String name, Collection<String> known) {
    return of(name, known).map(nearest -> " (did you mean " + nearest + "?)").orElse("");
  }

  /// Characters to insert, delete or replace (Levenshtein), one row of the table at a time.
  private static int edits(String from, String to) {
    var above = new int[to.length() + 1];
    for (int j = 0; j <= to.length(); j++) {
      above[j] = j;
    }
    for (int i = 1; i <= from.length(); i++) {
      var row = new int[to.length() + 1];
      row[0] = i;
      for (int j = 1; j <= to.length(); j++) {
        int replaced = above[j - 1] + (from.charAt(i - 1) == to.charAt(j - 1) ? 0 : 1);
        row[j] = Math.min(replaced, 1 + Math.min(above[j], row[j - 1]));
      }
      above = row;
    }
    return above[to.length()];
  }
}
