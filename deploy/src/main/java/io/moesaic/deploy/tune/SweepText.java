package io.moesaic.deploy.tune;

import io.moesaic.router.capacity.CapacityJson;
import io.moesaic.tensor.checkpoint.Checkpoint;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/// A report for people: what was measured, the table, the knees and the picture.
public final class SweepText {
  /// Dropless takes as long as itself; what it seems to differ is the machine's doing.
  private static final double QUIET = 0.05;

  private SweepText() {}

  /// @param tolerance the loss up to which a limit counts as close to dropless
  public static List<String> lines(SweepReport report, double tolerance) {
    List<String> lines = new ArrayList<>(introduction(report));
    lines.add("");
    lines.addAll(SweepTable.lines(report));
    double noise = report.dropless().timeRatio();
    if (Math.abs(noise - 1) > QUIET) {
      lines.add("");
      lines.add(
          String.format(
              Locale.ROOT,
              "TIME is not to be relied on: other work made dropless take %.2fx its own time.",
              noise));
    }
    lines.add("");
    lines.add("Loss over factor, on a logarithmic scale; the line is the loss that is tolerated:");
    lines.add("");
    lines.addAll(SweepPlot.lines(report, tolerance));
    lines.add("");
    lines.addAll(knees(report, tolerance));
    return lines;
  }

  private static List<String> introduction(SweepReport report) {
    var spec = report.spec();
    var cluster = spec.cluster();
    var texts =
        report.texts().stream()
            .map(text -> text.name() + " " + text.tokens())
            .collect(Collectors.joining(", "));
    return List.of(
        "%s on %d expert node%s, wire %s"
            .formatted(
                Checkpoint.nameOf(cluster.model()),
                cluster.experts(),
                cluster.experts() == 1 ? "" : "s",
                cluster.wire().label()),
        "tokens: " + texts,
        "%d sequences of %d tokens in a pass".formatted(spec.batch(), spec.window()));
  }

  /// @return a line for each variant, and how to serve with the best of them
  private static List<String> knees(SweepReport report, double tolerance) {
    List<String> lines = new ArrayList<>();
    lines.add(
        "Within %s %% of dropless:".formatted(SweepTable.number(Math.rint(tolerance * 1e8) / 1e6)));
    for (var variant : report.spec().variants()) {
      var knee = report.knee(variant, tolerance);
      lines.add(
          "  %-27s  %s"
              .formatted(
                  variant.label(),
                  knee.isPresent()
                      ? "from a factor of " + SweepTable.number(knee.getAsDouble())
                      : "with none of these factors"));
    }
    report
        .best(tolerance)
        .ifPresent(
            row -> {
              lines.add("");
              lines.add("To serve with the smallest:");
              lines.add(
                  "  moesaic router ... --capacity '%s'"
                      .formatted(CapacityJson.write(row.policy())));
            });
    return lines;
  }
}
