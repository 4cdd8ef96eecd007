package io.moesaic.deploy.digits;

import static io.moesaic.deploy.digits.Digits.SIDE;

import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// Images in characters, the darker the more ink, and below each how it was read:
///
/// ```
///         ▓▓██▓▓
///       ░░██▒▒██▒▒
///       ...
///   row 1502: 0
///   expert 0, 99 %
/// ```
final class DigitPicture {
  private static final String SHADES = " ░▒▓█";
  private static final int PER_LINE = 5;

  /// Characters are about twice as high as wide, so a pixel is two of them.
  private static final int WIDTH = 2 * SIDE;

  private static final String GAP = "   ";

  private DigitPicture() {}

  /// The images side by side, in as many strips as it takes.
  static List<String> lines(List<Reading> readings) {
    List<String> lines = new ArrayList<>();
    for (int from = 0; from < readings.size(); from += PER_LINE) {
      var strip = readings.subList(from, Math.min(from + PER_LINE, readings.size()));
      if (from > 0) {
        lines.add("");
      }
      for (int y = 0; y < SIDE; y++) {
        int line = y;
        lines.add(beside(strip.stream().map(reading -> pixels(reading, line))));
      }
      lines.add(beside(strip.stream().map(DigitPicture::outcome)));
      lines.add(
          beside(
              strip.stream()
                  .map(
                      r -> "expert %d, %d %%".formatted(r.expert(), Math.round(100 * r.share())))));
    }
    return lines;
  }

  private static String beside(Stream<String> cells) {
    return cells
        .map(cell -> cell + " ".repeat(Math.max(0, WIDTH - cell.length())))
        .collect(Collectors.joining(GAP))
        .stripTrailing();
  }

  private static String pixels(Reading reading, int y) {
    var line = new StringBuilder();
    for (int x = 0; x < SIDE; x++) {
      int shade = Math.round(reading.pixels()[y * SIDE + x] * (SHADES.length() - 1));
      line.repeat(SHADES.charAt(shade), 2);
    }
    return line.toString();
  }

  private static String outcome(Reading reading) {
    return reading.right()
        ? "row %d: %d".formatted(reading.row(), reading.read())
        : "row %d: %d, not %d".formatted(reading.row(), reading.read(), reading.digit());
  }
}
