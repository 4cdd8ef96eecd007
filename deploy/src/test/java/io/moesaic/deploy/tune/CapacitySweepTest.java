package io.moesaic.deploy.tune;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.moesaic.deploy.dev.ClusterSpec;
import io.moesaic.deploy.dev.ExpertHost;
import io.moesaic.deploy.tune.SweepReport.Quality;
import io.moesaic.deploy.tune.SweepReport.Row;
import io.moesaic.deploy.tune.TuneSpec.Counting;
import io.moesaic.router.capacity.CapacityPolicy.Per;
import io.moesaic.router.capacity.CapacityPolicy.Renormalize;
import io.moesaic.router.capacity.CapacityPolicy.Scope;
import io.moesaic.router.capacity.CapacityRule.Formula;
import io.moesaic.router.capacity.MoeTotals;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Sweeps over the bundled model, with its experts in this process.
@Timeout(180)
class CapacitySweepTest {
  private static final Counting COUNTING =
      new Counting(Formula.MEGATRON, Scope.STEP, Per.EXPERT, Renormalize.NEVER);
  private static final Variant BY_POSITION = Variant.parse("drop:position");
  private static final Variant NEXT_CHOICE = Variant.parse("next-choice");
  private static final int LAYERS = 4;
  private static final int EXPERTS_PER_TOKEN = 2;

  private static Path text(String name) {
    return ClusterSpec.bundledModel().resolve("text").resolve(name + ".txt");
  }

  private static TuneSpec spec(List<Path> texts, int tokens, int window, List<Double> factors) {
    var cluster = ClusterSpec.ofBundledModel().withExperts(2).withExpertHost(ExpertHost.IN_PROCESS);
    return new TuneSpec(
        cluster, texts, tokens, window, 2, COUNTING, factors, List.of(BY_POSITION, NEXT_CHOICE));
  }

  private static SweepReport run(TuneSpec spec) throws IOException, InterruptedException {
    return CapacitySweep.run(spec, SweepProgress.SILENT);
  }

  @Test
  void limitsDropLessTheHigherTheFactorAndAllChoicesAreAccountedFor() throws Exception {
    var spec = spec(List.of(text("code"), text("novel")), 96, 48, List.of(2.0, 0.5, 1.0));
    var report = run(spec);

    assertEquals(List.of(0.5, 1.0, 2.0), spec.factors());
    assertEquals(0, report.dropless().all().dropped());
    assertEquals(1, report.dropless().all().agreement());
    assertEquals(0, report.loss(report.dropless()));
    long offered = 2 * 96 * LAYERS * EXPERTS_PER_TOKEN;
    for (var row : report.rows()) {
      var choices = row.all().choices();
      assertEquals(offered, choices.offered());
      assertEquals(offered, choices.accepted() + choices.dropped() + choices.rerouted());
      assertEquals(choices, sum(row.byText()), "texts add up to the whole");
      // A capacity is rounded up to whole tokens.
      double even = 2.0 * 48 * EXPERTS_PER_TOKEN / 8;
      assertTrue(row.fullest().expert() <= row.factor() + 1 / even, row.toString());
    }
    var dropped = report.rows(BY_POSITION).stream().map(row -> row.all().dropped()).toList();
    assertTrue(dropped.get(0) > dropped.get(1) && dropped.get(1) > dropped.get(2), "" + dropped);
    assertTrue(dropped.get(0) >= 0.5, "half of the places hold at most half: " + dropped);
    assertTrue(report.rows(NEXT_CHOICE).getFirst().all().rerouted() > 0);
    assertTrue(report.rows(BY_POSITION).getFirst().all().agreement() < 1);
  }

  private static MoeTotals sum(List<Quality> qualities) {
    return qualities.stream().map(Quality::choices).reduce(MoeTotals.NONE, MoeTotals::plus);
  }

  @Test
  void everyRunFindsTheSame() throws Exception {
    var spec = spec(List.of(text("speech")), 64, 32, List.of(0.75));
    assertEquals(qualities(run(spec)), qualities(run(spec)));
  }

  /// All but the times.
  private static List<Quality> qualities(SweepReport report) {
    return Stream.concat(Stream.of(report.dropless()), report.rows().stream())
        .map(Row::all)
        .toList();
  }

  /// The negative log-likelihood that Hugging Face transformers gives, in float32.
  @Test
  void droplessPredictsTextAsTheReferenceDoes() throws Exception {
    var report = run(spec(List.of(text("scripture")), 2560, 256, List.of(2.0)));
    assertEquals(2560, report.texts().getFirst().tokens());
    assertEquals(3.4764, report.dropless().all().nll(), 6e-5);
  }

  @Test
  void aTextThatIsTooShortIsToldBeforeNodesStart(@TempDir Path directory) throws IOException {
    var file = Files.writeString(directory.resolve("note.txt"), "Call me Ishmael.");
    var failure =
        assertThrows(
            IllegalArgumentException.class, () -> run(spec(List.of(file), 256, 256, List.of(1.0))));
    assertTrue(String.valueOf(failure.getMessage()).contains("too few for one window of 256"));
  }
}
