package io.moesaic.deploy.tune;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/// A report as a picture of characters: the loss over the factor, a mark for each variant, on a
/// logarithmic scale, with a line at the loss that is tolerated.
///
/// ```
///     10 % |  a
///          |   b        a
///      1 % |----c--------b--------a----
///          |              c
///    0.1 % |                       bc
///          +---------------------------
///             0.5       0.75       1
///   a  drop by position
/// ```
final class SweepPlot {
  private static final int LINES_PER_DECADE = 5;
  private static final int LOWEST_EXPONENT = -3;
  private static final int HIGHEST_EXPONENT = 0;
  private static final int LEAST_COLUMNS = 10;

  private final SweepReport report;
  private final int columnsPerFactor;
  private final char[][] grid;

  private SweepPlot(SweepReport report) {
    this.report = report;
    columnsPerFactor = Math.max(LEAST_COLUMNS, report.spec().variants().size() + 2);
    int decades = HIGHEST_EXPONENT - LOWEST_EXPONENT;
    grid =
        new char[decades * LINES_PER_DECADE + 1][report.spec().factors().size() * columnsPerFactor];
    for (var line : grid) {
      Arrays.fill(line, ' ');
    }
  }

  /// @param tolerance the loss at which to draw the line
  static List<String> lines(SweepReport report, double tolerance) {
    var plot = new SweepPlot(report);
    plot.drawTolerance(tolerance);
    plot.drawMarks();
    return plot.lines();
  }

  private void drawTolerance(double tolerance) {
    Arrays.fill(grid[line(tolerance)], '-');
  }

  /// Marks of one factor stand side by side, so that none hides another.
  private void drawMarks() {
    var variants = report.spec().variants();
    for (int i = 0; i < variants.size(); i++) {
      for (var row : report.rows(variants.get(i))) {
        int factor = report.spec().factors().indexOf(row.factor());
        int first = factor * columnsPerFactor + (columnsPerFactor - variants.size()) / 2;
        grid[line(report.loss(row))][first + i] = mark(i);
      }
    }
  }

  private static char mark(int variant) {
    return (char) ('a' + variant);
  }

  /// From the top; what is off the scale is at its end.
  private int line(double loss) {
    double exponent = loss <= 0 ? LOWEST_EXPONENT : Math.log10(loss);
    double down = (HIGHEST_EXPONENT - exponent) * LINES_PER_DECADE;
    return Math.clamp(Math.round(down), 0, grid.length - 1);
  }

  private List<String> lines() {
    List<String> lines = new ArrayList<>();
    for (int i = 0; i < grid.length; i++) {
      lines.add((label(i) + " |" + new String(grid[i])).stripTrailing());
    }
    lines.add(" ".repeat(9) + "+" + "-".repeat(grid[0].length));
    var factors = new StringBuilder(" ".repeat(10));
    for (var factor : report.spec().factors()) {
      factors.append(centred(SweepTable.number(factor)));
    }
    lines.add(factors.toString().stripTrailing());
    lines.add("");
    var variants = report.spec().variants();
    for (int i = 0; i < variants.size(); i++) {
      lines.add("  " + mark(i) + "  " + variants.get(i).label());
    }
    return lines;
  }

  private static String label(int line) {
    if (line % LINES_PER_DECADE != 0) {
      return " ".repeat(8);
    }
    double percent = 100 * Math.pow(10, HIGHEST_EXPONENT - line / LINES_PER_DECADE);
    return String.format(Locale.ROOT, "%6s %%", SweepTable.number(percent));
  }

  private String centred(String text) {
    int before = Math.max(0, (columnsPerFactor - text.length()) / 2);
    return " ".repeat(before)
        + text
        + " ".repeat(Math.max(1, columnsPerFactor - before - text.length()));
  }
}
