package io.moesaic.deploy.tune;

import io.moesaic.deploy.tune.LoadMeter.Fullest;
import io.moesaic.deploy.tune.SweepReport.Quality;
import io.moesaic.deploy.tune.SweepReport.Row;
import io.moesaic.deploy.tune.WindowRunner.Outcome;
import io.moesaic.router.capacity.CapacityPolicy;
import io.moesaic.router.capacity.MoeTotals;
import java.util.Arrays;

/// Adds up the outcomes of one limit. For one thread.
final class RowSums {
  private final CapacityPolicy policy;
  private final TextSums[] texts;
  private Fullest fullest = Fullest.NONE;
  private int passes;
  private double fastestNanos = Double.POSITIVE_INFINITY;
  private double fastestDroplessNanos = Double.POSITIVE_INFINITY;

  RowSums(CapacityPolicy policy, int texts) {
    this.policy = policy;
    this.texts = new TextSums[texts];
    Arrays.setAll(this.texts, _ -> new TextSums());
  }

  private static final class TextSums {
    private MoeTotals choices = MoeTotals.NONE;
    private double nll;
    private long agreeing;
    private long scored;

    void add(TextSums other) {
      choices = choices.plus(other.choices);
      nll += other.nll;
      agreeing += other.agreeing;
      scored += other.scored;
    }

    Quality quality() {
      return new Quality(choices, nll / scored, (double) agreeing / scored);
    }
  }

  CapacityPolicy policy() {
    return policy;
  }

  /// @param dropless outcome of the same pass
  void add(Pass pass, Outcome outcome, Outcome dropless) {
    int perWindow = pass.scoredPerWindow();
    for (int window = 0; window < pass.windows().size(); window++) {
      var sums = texts[pass.windows().get(window).text()];
      sums.choices =
          sums.choices.plus(outcome.tallies().totals(pass.firstRow(window), pass.windowTokens()));
      sums.scored += perWindow;
      for (int i = window * perWindow; i < (window + 1) * perWindow; i++) {
        sums.nll += outcome.nll()[i];
        sums.agreeing += outcome.likeliest()[i] == dropless.likeliest()[i] ? 1 : 0;
      }
    }
    fullest = fullest.plus(outcome.fullest());
    passes++;
    fastestNanos = Math.min(fastestNanos, (double) outcome.elapsedNanos() / pass.rows());
    fastestDroplessNanos =
        Math.min(fastestDroplessNanos, (double) dropless.elapsedNanos() / pass.rows());
  }

  /// At least one outcome must have been added.
  Row row() {
    var all = new TextSums();
    for (var text : texts) {
      all.add(text);
    }
    return new Row(
        policy,
        all.quality(),
        Arrays.stream(texts).map(TextSums::quality).toList(),
        fullest.over(passes),
        fastestNanos / fastestDroplessNanos,
        fastestNanos / 1e3);
  }
}
