package io.moesaic.deploy.cli;

import io.moesaic.router.capacity.CapacityJson;
import io.moesaic.router.capacity.CapacityPolicy;
import io.moesaic.router.capacity.LayerLoad;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/// A router's experts for people.
final class CapacityView {
  private static final String LEVELS = "▁▂▃▄▅▆▇█";
  private static final int BAR = 40;

  private CapacityView() {}

  /// What stands, as it could be set again, and what it means for requests.
  static String describe(CapacityPolicy capacity) {
    if (!capacity.limits()) {
      return "capacity none: every expert takes all that choose it";
    }
    return "capacity %s%n%s"
        .formatted(
            CapacityJson.write(capacity),
            capacity.independentOfOtherRequests()
                ? "a request's result is the same whatever runs beside it"
                : "a request's result depends on what runs beside it: the scope is step");
  }

  /// A line for each layer:
  ///
  /// ```
  ///   LAYER  OFFERED  DROPPED    MASS  REROUTED  FULLEST  GINI  LOAD BY EXPERT
  ///   0        18432   12.1 %   8.3 %     0.0 %    2.86x  0.41  ▃▁█▂▁▄▂▁
  /// ```
  static List<String> layers(List<LayerLoad> layers) {
    List<String> lines = new ArrayList<>();
    lines.add("LAYER   OFFERED  DROPPED    MASS  REROUTED  FULLEST  GINI  LOAD BY EXPERT");
    for (var load : layers) {
      var totals = load.totals();
      lines.add(
          String.format(
              Locale.ROOT,
              "%-5d  %8d  %5.1f %%  %4.1f %%  %6.1f %%  %6.2fx  %4.2f  %s",
              load.layer(),
              totals.offered(),
              percent(totals.dropped(), totals.offered()),
              load.massDropped() * 100,
              percent(totals.rerouted(), totals.offered()),
              load.maxOverMean(),
              load.gini(),
              levels(load.offered())));
    }
    return lines;
  }

  private static double percent(long part, long whole) {
    return whole == 0 ? 0 : 100.0 * part / whole;
  }

  /// A character for each expert, as high as its share of the fullest one's load.
  private static String levels(long[] loads) {
    long most = Math.max(1, Arrays.stream(loads).max().orElse(0));
    return Arrays.stream(loads)
        .mapToObj(load -> LEVELS.charAt((int) (load * (LEVELS.length() - 1) / most)))
        .map(String::valueOf)
        .collect(Collectors.joining());
  }

  /// A line for each expert of a layer; in the bar `#` was accepted, `+` came from other experts,
  /// and `.` was refused:
  ///
  /// ```
  ///   EXPERT   OFFERED  ACCEPTED  REROUTED HERE  REFUSED
  ///   0           1823      1200              0      623  ####################..........
  /// ```
  static List<String> experts(LayerLoad load) {
    List<String> lines = new ArrayList<>();
    lines.add("EXPERT   OFFERED  ACCEPTED  REROUTED HERE   REFUSED");
    long most = 1;
    for (int expert = 0; expert < load.offered().length; expert++) {
      most = Math.max(most, load.offered()[expert] + load.rerouted()[expert]);
    }
    for (int expert = 0; expert < load.offered().length; expert++) {
      long accepted = load.accepted()[expert];
      long arrived = load.rerouted()[expert];
      long refused = load.offered()[expert] - accepted;
      lines.add(
          "%-6d  %8d  %8d  %13d  %8d  %s%s%s"
              .formatted(
                  expert,
                  load.offered()[expert],
                  accepted,
                  arrived,
                  refused,
                  "#".repeat(width(accepted, most)),
                  "+".repeat(width(arrived, most)),
                  ".".repeat(width(refused, most)))
              .stripTrailing());
    }
    lines.add("");
    lines.add("# accepted   + rerouted here   . refused: dropped, or rerouted elsewhere");
    return lines;
  }

  private static int width(long count, long most) {
    return (int) Math.round((double) count * BAR / most);
  }
}
