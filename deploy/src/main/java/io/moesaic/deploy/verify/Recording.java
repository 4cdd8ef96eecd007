package io.moesaic.deploy.verify;

import io.moesaic.router.gate.Choices;
import io.moesaic.router.moe.MoeObserver;
import io.moesaic.tensor.Matrix;
import io.moesaic.tensor.Tensor;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.OptionalDouble;
import java.util.OptionalInt;
import java.util.Set;

/// Compares each MoE block that is computed with the expected one, as long as it is told which rows
/// they are.
final class Recording implements MoeObserver {
  private final Expectations expected;
  private final List<Worst> layers = new ArrayList<>();
  private int firstRow = -1;

  Recording(Expectations expected, int layers) {
    this.expected = expected;
    for (int layer = 0; layer < layers; layer++) {
      this.layers.add(new Worst());
    }
  }

  private static final class Worst {
    private OptionalDouble input = OptionalDouble.empty();
    private OptionalDouble output = OptionalDouble.empty();
    private OptionalInt choices = OptionalInt.empty();
  }

  /// The next passes compute the expectations' rows from `row` on.
  void expect(int row) {
    firstRow = row;
  }

  /// The next passes compute what is not expected.
  void expectNothing() {
    firstRow = -1;
  }

  @Override
  public void observed(int layer, Matrix hidden, Choices choices, Matrix output) {
    if (firstRow < 0) {
      return;
    }
    var worst = layers.get(layer);
    expected.hiddenIn(layer).ifPresent(t -> worst.input = worse(worst.input, error(hidden, t)));
    expected.hiddenOut(layer).ifPresent(t -> worst.output = worse(worst.output, error(output, t)));
    expected
        .choices(layer)
        .ifPresent(
            t -> worst.choices = OptionalInt.of(worst.choices.orElse(0) + differing(choices, t)));
  }

  private static OptionalDouble worse(OptionalDouble before, double now) {
    return OptionalDouble.of(Math.max(before.orElse(0), now));
  }

  private double error(Matrix actual, Tensor reference) {
    double worst = 0;
    for (int row = 0; row < actual.rows(); row++) {
      for (int i = 0; i < actual.cols(); i++) {
        float value = reference.getFloat((long) (firstRow + row) * actual.cols() + i);
        worst = Math.max(worst, Math.abs((double) actual.get(row, i) - value));
      }
    }
    return worst;
  }

  /// Choices of the reference that were not made, or choices that it had not made. Their order is
  /// not compared: not every reference sorts them, and the outputs tell of the weights.
  private int differing(Choices choices, List<Set<Integer>> reference) {
    int differing = 0;
    for (int row = 0; row < choices.rows(); row++) {
      Set<Integer> made = new HashSet<>();
      for (int rank = 0; rank < choices.ranks(); rank++) {
        made.add(choices.expert(row, rank));
      }
      made.remove(Choices.NONE);
      var expected = reference.get(firstRow + row);
      int common = (int) expected.stream().filter(made::contains).count();
      differing += Math.max(expected.size(), made.size()) - common;
    }
    return differing;
  }

  List<VerificationReport.Layer> report() {
    List<VerificationReport.Layer> report = new ArrayList<>();
    for (int layer = 0; layer < layers.size(); layer++) {
      var worst = layers.get(layer);
      report.add(new VerificationReport.Layer(layer, worst.input, worst.output, worst.choices));
    }
    return report;
  }
}
