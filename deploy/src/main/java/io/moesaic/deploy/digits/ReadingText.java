package io.moesaic.deploy.digits;

import io.moesaic.deploy.dev.NodeTable;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// A [ReadingReport] for people, and as JSON.
public final class ReadingText {
  private ReadingText() {}

  /// Without line ends.
  public static List<String> lines(ReadingReport report) {
    List<String> lines = new ArrayList<>(NodeTable.lines(report.nodes()));
    lines.add("");
    lines.add(
        "%s: %d experts on %d node%s read %d images that no fit had seen, over Arrow Flight"
            .formatted(
                report.model(),
                report.experts(),
                report.expertNodes(),
                report.expertNodes() == 1 ? "" : "s",
                report.readings().size()));
    lines.add("");
    lines.add(
        "right                          %.1f %%, %d of %d; wanted %.0f %%"
            .formatted(
                100 * report.accuracy(),
                report.right(),
                report.readings().size(),
                100 * ReadingReport.WANTED_ACCURACY));
    lines.add(
        "largest error of a score       %.1e from the same mixture in one process; tolerance %.0e"
            .formatted(report.largestError(), ReadingReport.TOLERANCE));
    lines.add("");
    lines.add("Who is asked for which digit:");
    lines.add("");
    lines.addAll(report.specialisation().lines());
    lines.add("");
    lines.add("The first image that each expert decides, and the first that was misread:");
    lines.add("");
    lines.addAll(DigitPicture.lines(report.examples()));
    lines.add("");
    lines.add(report.passed() ? "passed" : "FAILED");
    return lines;
  }

  /// One JSON object.
  public static Map<String, Object> json(ReadingReport report) {
    Map<String, Object> json = new LinkedHashMap<>();
    json.put("passed", report.passed());
    json.put("model", report.model());
    json.put("experts", report.experts());
    json.put("expert_nodes", report.expertNodes());
    json.put("rows", report.readings().size());
    json.put("right", report.right());
    json.put("accuracy", report.accuracy());
    json.put("largest_error", report.largestError());
    json.put("tolerance", ReadingReport.TOLERANCE);
    json.put("shares", report.specialisation().shares());
    json.put("readings", report.readings().stream().map(Reading::json).toList());
    return json;
  }
}
