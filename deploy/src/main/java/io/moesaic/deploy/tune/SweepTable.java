package io.moesaic.deploy.tune;

import io.moesaic.deploy.tune.SweepReport.Row;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// A report as a table, variant by variant:
///
/// ```
///   OVERFLOW             FACTOR  DROPPED  REROUTED  EXPERT   NODE     NLL     LOSS   AGREES   TIME
///   drop by probability    0.75   33.1 %     0.0 %   0.75x  0.75x  3.9312  +9.80 %   61.2 %  0.88x
///                             1   21.0 %     0.0 %   1.00x  1.00x  3.7011  +3.37 %   74.3 %  0.91x
/// ```
final class SweepTable {
  private static final String HEADER =
      "%-27s  %6s  %7s  %8s  %6s  %5s  %7s  %9s  %7s  %5s"
          .formatted(
              "OVERFLOW",
              "FACTOR",
              "DROPPED",
              "REROUTED",
              "EXPERT",
              "NODE",
              "NLL",
              "LOSS",
              "AGREES",
              "TIME");

  private SweepTable() {}

  static List<String> lines(SweepReport report) {
    List<String> lines = new ArrayList<>();
    lines.add(HEADER);
    lines.add(line("none", "none", report, report.dropless()));
    for (var variant : report.spec().variants()) {
      lines.add("");
      var label = variant.label();
      for (var row : report.rows(variant)) {
        lines.add(line(label, number(row.factor()), report, row));
        label = "";
      }
    }
    return lines;
  }

  private static String line(String label, String factor, SweepReport report, Row row) {
    var all = row.all();
    return String.format(
        Locale.ROOT,
        "%-27s  %6s  %5.1f %%  %6.1f %%  %5.2fx  %4.2fx  %7.4f  %+7.2f %%  %5.1f %%  %4.2fx",
        label,
        factor,
        all.dropped() * 100,
        all.rerouted() * 100,
        row.fullest().expert(),
        row.fullest().node(),
        all.nll(),
        report.loss(row) * 100,
        all.agreement() * 100,
        row.timeRatio());
  }

  /// `1.25`, and `1` for 1.0.
  static String number(double value) {
    return value == Math.rint(value) && Math.abs(value) < 1e9
        ? Long.toString((long) value)
        : Double.toString(value);
  }
}
