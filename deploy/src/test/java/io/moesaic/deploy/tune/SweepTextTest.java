package io.moesaic.deploy.tune;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moesaic.deploy.dev.ClusterSpec;
import io.moesaic.deploy.tune.LoadMeter.Fullest;
import io.moesaic.deploy.tune.SweepReport.Quality;
import io.moesaic.deploy.tune.SweepReport.Row;
import io.moesaic.deploy.tune.SweepReport.Text;
import io.moesaic.deploy.tune.TuneSpec.Counting;
import io.moesaic.router.capacity.CapacityJson;
import io.moesaic.router.capacity.CapacityPolicy;
import io.moesaic.router.capacity.CapacityPolicy.Per;
import io.moesaic.router.capacity.CapacityPolicy.Renormalize;
import io.moesaic.router.capacity.CapacityPolicy.Scope;
import io.moesaic.router.capacity.CapacityRule.Formula;
import io.moesaic.router.capacity.MoeTotals;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.OptionalDouble;
import org.junit.jupiter.api.Test;

/// What a report says, on one that is made up: dropless has 2 nats a token.
class SweepTextTest {
  private static final Variant BY_POSITION = Variant.parse("drop:position");
  private static final Variant BY_PROBABILITY = Variant.parse("drop");
  private static final TuneSpec SPEC =
      new TuneSpec(
          ClusterSpec.of(Path.of("models/tiny")),
          List.of(Path.of("a.txt")),
          100,
          50,
          2,
          new Counting(Formula.MEGATRON, Scope.STEP, Per.EXPERT, Renormalize.NEVER),
          List.of(0.5, 1.0, 1.25),
          List.of(BY_POSITION, BY_PROBABILITY));

  private static final SweepReport REPORT = report(2.4, 2.1, 2.03, 2.2, 2.002, 1.99);

  /// @param nlls by position and then by probability, factors ascending
  private static SweepReport report(double... nlls) {
    var limits = SPEC.limits();
    List<Row> rows = new ArrayList<>();
    for (int i = 0; i < nlls.length; i++) {
      rows.add(row(limits.get(i), new Quality(new MoeTotals(800, 600, 200, 0), nlls[i], 0.75)));
    }
    var dropless = new Quality(new MoeTotals(800, 800, 0, 0), 2, 1);
    return new SweepReport(
        SPEC, List.of(new Text("a", 100)), row(CapacityPolicy.DROPLESS, dropless), rows);
  }

  private static Row row(CapacityPolicy policy, Quality quality) {
    return new Row(policy, quality, List.of(quality), new Fullest(1.5, 1.25), 0.9, 100);
  }

  @Test
  void theKneeIsTheFactorFromWhichOnAllAreClose() {
    assertEquals(OptionalDouble.of(1.25), REPORT.knee(BY_POSITION, 0.02));
    assertEquals(OptionalDouble.of(1), REPORT.knee(BY_PROBABILITY, 0.01));
    assertEquals(OptionalDouble.empty(), REPORT.knee(BY_POSITION, 0.01));
    var uneven = report(2.001, 2.1, 2.001, 2, 2, 2);
    assertEquals(OptionalDouble.of(1.25), uneven.knee(BY_POSITION, 0.01));
  }

  @Test
  void theTableHasARowForEachLimitAndTellsLossesInPercent() {
    var lines = SweepTable.lines(REPORT);
    assertTrue(lines.get(1).startsWith("none "), lines.get(1));
    assertTrue(lines.get(1).contains("+0.00 %"), lines.get(1));
    assertEquals(
        "drop by position                0.5   25.0 %     0.0 %   1.50x  1.25x   2.4000   +20.00 %"
            + "   75.0 %  0.90x",
        lines.get(3));
    assertTrue(lines.get(9).contains("1.25") && lines.get(9).contains("-0.50 %"), lines.get(9));
    assertEquals(10, lines.size());
    lines.forEach(line -> assertTrue(line.length() <= 105, line));
  }

  @Test
  void thePictureHasEachMarkAtItsLossOverItsFactor() {
    var lines = SweepPlot.lines(REPORT, 0.01);
    // 10 % loss at a factor of 0.5, by probability, and the tolerance of 1 %.
    assertEquals("    10 % |     b", lines.get(5));
    assertTrue(lines.get(10).startsWith("     1 % |----------"), lines.get(10));
    // A loss of 0.1 %, and one below 0, which is shown at the bottom.
    assertEquals("   0.1 % |               b         b", lines.get(15));
    assertEquals("             0.5        1        1.25", lines.get(17));
    // What is as bad by position stands beside it.
    assertTrue(SweepPlot.lines(report(2.2, 2, 2, 2.2, 2, 2), 0.01).get(5).endsWith(" ab"));
  }

  @Test
  void theKneesComeWithWhatARouterIsToldToServeLikeTheBest() {
    var lines = SweepText.lines(REPORT, 0.01);
    int first = lines.indexOf("Within 1 % of dropless:");
    assertTrue(lines.get(first + 1).endsWith("with none of these factors"), lines.toString());
    assertEquals("  drop by probability          from a factor of 1", lines.get(first + 2));
    var capacity = lines.getLast().replaceAll(".*--capacity '(.*)'", "$1");
    assertEquals(SPEC.limits().get(4), CapacityJson.parse(capacity));
    var hopeless = SweepText.lines(report(3, 3, 3, 3, 3, 3), 0.01);
    assertEquals("  drop by probability          with none of these factors", hopeless.getLast());
  }

  @Test
  void theJsonHoldsCapacitiesAsRoutersReadThem() {
    var json = SweepJson.of(REPORT, 0.01);
    assertEquals(6, json.get("rows").size());
    var row = json.get("rows").get(3);
    assertEquals(0.5, row.get("capacity").get("factor").asDouble());
    assertEquals("probability", row.get("capacity").get("priority").asText());
    assertEquals(0.1, row.get("loss").asDouble(), 1e-9);
    assertEquals(200, row.get("dropped").asLong());
    assertEquals("none", json.get("dropless").get("capacity").get("overflow").asText());
    assertTrue(json.get("knees").get(0).get("factor").isNull());
    assertEquals(1, json.get("knees").get(1).get("capacity").get("factor").asDouble());
  }
}
