package io.moesaic.deploy.digits;

import static io.moesaic.deploy.digits.Digits.CLASSES;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/// Which expert is asked for which digit: the mean share of each, by the digit that is shown.
///
/// ```
///   DIGIT   EXPERT 0   EXPERT 1   DECIDES
///   0       ████  94%  ░░░░   6%  expert 0
///   1       ░░░░   8%  ████  92%  expert 1
/// ```
/// The darker, the larger: a shade for each quarter, and nothing below 5 %.
///
/// @param shares mean shares `[10][E]`; a row of zeros for a digit that no image shows
public record Specialisation(List<List<Double>> shares) {
  private static final int BLOCK = 4;

  public Specialisation {
    if (shares.size() != CLASSES || shares.stream().mapToInt(List::size).distinct().count() != 1) {
      throw new IllegalArgumentException(
          "shares has %d rows, must be %d of one length".formatted(shares.size(), CLASSES));
    }
    shares = shares.stream().map(List::copyOf).toList();
  }

  /// @param digits the images
  /// @param shares of each expert for each image, `[rows][E]`, as the gate gave them
  public static Specialisation of(Digits digits, float[][] shares) {
    if (shares.length != digits.size()) {
      throw new IllegalArgumentException(
          "there are shares for %d rows, but %d images".formatted(shares.length, digits.size()));
    }
    int experts = shares[0].length;
    var sums = new double[CLASSES][experts];
    var images = new int[CLASSES];
    for (int row = 0; row < shares.length; row++) {
      int digit = digits.label(row);
      images[digit]++;
      for (int expert = 0; expert < experts; expert++) {
        sums[digit][expert] += shares[row][expert];
      }
    }
    return new Specialisation(
        IntStream.range(0, CLASSES)
            .mapToObj(
                digit ->
                    IntStream.range(0, experts)
                        .mapToObj(expert -> sums[digit][expert] / Math.max(1, images[digit]))
                        .toList())
            .toList());
  }

  public int experts() {
    return shares.getFirst().size();
  }

  public double share(int digit, int expert) {
    return shares.get(digit).get(expert);
  }

  /// The expert with the largest share; among equal ones, the lower.
  public int decides(int digit) {
    int best = 0;
    for (int expert = 1; expert < experts(); expert++) {
      best = share(digit, expert) > share(digit, best) ? expert : best;
    }
    return best;
  }

  /// The lines of the table, without line ends.
  public List<String> lines() {
    List<String> lines = new ArrayList<>();
    lines.add(
        "DIGIT   "
            + IntStream.range(0, experts())
                .mapToObj(expert -> "%-11s".formatted("EXPERT " + expert))
                .collect(Collectors.joining())
            + "DECIDES");
    for (int digit = 0; digit < CLASSES; digit++) {
      var line = new StringBuilder("%-8d".formatted(digit));
      for (double share : shares.get(digit)) {
        line.append("%s %3d%%  ".formatted(block(share), Math.round(100 * share)));
      }
      lines.add(line.append("expert ").append(decides(digit)).toString());
    }
    return lines;
  }

  private static String block(double share) {
    var shades = " ░▒▓█";
    int shade = share < 0.05 ? 0 : Math.min(4, 1 + (int) (4 * share));
    return shades.substring(shade, shade + 1).repeat(BLOCK);
  }
}
