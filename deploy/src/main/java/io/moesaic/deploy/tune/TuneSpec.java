package io.moesaic.deploy.tune;

import io.moesaic.deploy.dev.ClusterSpec;
import io.moesaic.router.capacity.CapacityPolicy;
import io.moesaic.router.capacity.CapacityPolicy.Per;
import io.moesaic.router.capacity.CapacityPolicy.Renormalize;
import io.moesaic.router.capacity.CapacityPolicy.Scope;
import io.moesaic.router.capacity.CapacityRule;
import io.moesaic.router.capacity.CapacityRule.Formula;
import java.nio.file.Path;
import java.util.Collections;
import java.util.List;
import java.util.Locale;

/// What to measure.
///
/// @param cluster the model, its expert nodes and the wire type
/// @param texts files that the model was not trained on
/// @param tokens most of each text
/// @param window tokens of a sequence: each text is cut into such
/// @param batch sequences of a forward pass
/// @param counting how capacities are counted
/// @param factors capacity factors, ascending
/// @param variants each is measured with each factor
public record TuneSpec(
    ClusterSpec cluster,
    List<Path> texts,
    int tokens,
    int window,
    int batch,
    Counting counting,
    List<Double> factors,
    List<Variant> variants) {
  private static final int MAX_WINDOW = 4096;
  private static final int MAX_TOKENS = 1 << 24;

  /// How capacities are counted, whatever the factor and whoever is refused.
  public record Counting(Formula rule, Scope scope, Per per, Renormalize renormalize) {
    public Counting {
      if (rule == Formula.FIXED) {
        throw new IllegalArgumentException("rule is fixed, which has no factor: choose another");
      }
      if (scope != Scope.SEQUENCE && scope != Scope.STEP) {
        throw new IllegalArgumentException(
            "scope is %s, must be sequence or step: each window is a request of one sequence"
                .formatted(scope.name().toLowerCase(Locale.ROOT)));
      }
    }

    CapacityPolicy policy(double factor, Variant variant) {
      return new CapacityPolicy(
          CapacityRule.of(rule, factor),
          Collections.emptySortedMap(),
          scope,
          per,
          variant.priority(),
          variant.overflow(),
          renormalize,
          0);
    }
  }

  public TuneSpec {
    texts = List.copyOf(texts);
    factors = factors.stream().distinct().sorted().toList();
    variants = variants.stream().distinct().toList();
    require(!texts.isEmpty(), "texts are none, at least one file is needed");
    require(!factors.isEmpty(), "factors are none, at least one is needed");
    require(!variants.isEmpty(), "overflow is empty, at least one is needed");
    require(
        window >= 2 && window <= MAX_WINDOW,
        "window is %d tokens, must be from 2 to %d".formatted(window, MAX_WINDOW));
    require(
        batch >= 1 && batch <= MAX_WINDOW / window,
        "batch is %d windows of %d tokens, must be at least 1, and at most %d tokens in all"
            .formatted(batch, window, MAX_WINDOW));
    require(
        tokens >= window && tokens <= MAX_TOKENS,
        "tokens are %d of each text, must be from the window, %d, to %d"
            .formatted(tokens, window, MAX_TOKENS));
    // So that a wrong factor is told before anything starts.
    factors.forEach(factor -> CapacityRule.of(counting.rule, factor));
  }

  private static void require(boolean holds, String complaint) {
    if (!holds) {
      throw new IllegalArgumentException(complaint);
    }
  }

  /// Every limit to measure, variant by variant, factors ascending.
  List<CapacityPolicy> limits() {
    return variants.stream()
        .flatMap(variant -> factors.stream().map(factor -> counting.policy(factor, variant)))
        .toList();
  }
}
