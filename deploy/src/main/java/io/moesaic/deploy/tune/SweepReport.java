package io.moesaic.deploy.tune;

import io.moesaic.deploy.tune.LoadMeter.Fullest;
import io.moesaic.router.capacity.CapacityPolicy;
import io.moesaic.router.capacity.MoeTotals;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.OptionalDouble;

/// What each limit did to the texts. Everything but the times is the same in every run.
///
/// @param texts what was measured
/// @param dropless without a limit: what the others are compared with
/// @param rows in the order of [TuneSpec#limits]
public record SweepReport(TuneSpec spec, List<Text> texts, Row dropless, List<Row> rows) {
  public SweepReport {
    texts = List.copyOf(texts);
    rows = List.copyOf(rows);
  }

  /// @param tokens that went through the model
  public record Text(String name, int tokens) {}

  /// The outcome of one limit.
  ///
  /// @param all over all texts
  /// @param byText of each text alone
  /// @param fullest the mean over passes and layers
  /// @param timeRatio of the fastest pass, over the fastest dropless one: what else the machine
  ///     does makes passes slower and never faster
  /// @param microsPerToken of the fastest pass
  public record Row(
      CapacityPolicy policy,
      Quality all,
      List<Quality> byText,
      Fullest fullest,
      double timeRatio,
      double microsPerToken) {
    public Row {
      byText = List.copyOf(byText);
    }

    double factor() {
      return policy.rule().cf();
    }
  }

  /// What became of tokens.
  ///
  /// @param choices of experts, over all layers
  /// @param nll negative log-likelihood of a token, the mean
  /// @param agreement of the tokens, the share for which the likeliest next token is the dropless
  ///     one
  public record Quality(MoeTotals choices, double nll, double agreement) {
    double dropped() {
      return share(choices.dropped());
    }

    double rerouted() {
      return share(choices.rerouted());
    }

    private double share(long part) {
      return choices.offered() == 0 ? 0 : (double) part / choices.offered();
    }
  }

  /// How much worse a row is than dropless, as a share of the dropless negative log-likelihood;
  /// below 0 if it is better.
  double loss(Row row) {
    return row.all.nll / dropless.all.nll - 1;
  }

  /// The smallest factor that any variant bears, and among those the one with the least loss.
  Optional<Row> best(double tolerance) {
    return spec.variants().stream()
        .flatMap(
            variant -> {
              var knee = knee(variant, tolerance);
              return rows(variant).stream()
                  .filter(row -> knee.isPresent() && row.factor() == knee.getAsDouble());
            })
        .min(Comparator.comparingDouble(Row::factor).thenComparingDouble(this::loss));
  }

  List<Row> rows(Variant variant) {
    return rows.stream().filter(row -> Variant.of(row.policy).equals(variant)).toList();
  }

  /// The factor from which on a variant is close to dropless; empty if it never is.
  ///
  /// @param tolerance largest loss
  public OptionalDouble knee(Variant variant, double tolerance) {
    var knee = OptionalDouble.empty();
    for (var row : rows(variant).reversed()) {
      if (loss(row) > tolerance) {
        break;
      }
      knee = OptionalDouble.of(row.factor());
    }
    return knee;
  }
}
