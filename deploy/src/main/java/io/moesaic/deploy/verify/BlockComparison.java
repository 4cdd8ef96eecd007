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

/// Compares each MoE block that is computed with the expected one, while it is told to.
final class BlockComparison implements MoeObserver {
  private final Expectations expected;
  private final List<Layer> layers = new ArrayList<>();
  private boolean expecting;

  BlockComparison(Expectations expected, int layers) {
    this.expected = expected;
    for (int layer = 0; layer < layers; layer++) {
      this.layers.add(new Layer());
    }
  }

  /// What was worst in a block so far.
  private static final class Layer {
    private OptionalDouble input = OptionalDouble.empty();
    private OptionalDouble output = OptionalDouble.empty();
    private OptionalInt choices = OptionalInt.empty();
    private int nextRow;
  }

  /// The next passes compute what is expected of a prompt and its text, from its first row on.
  void expect(int prompt) {
    for (int layer = 0; layer < layers.size(); layer++) {
      layers.get(layer).nextRow = prompt * expected.rowsOfPrompt(layer);
    }
    expecting = true;
  }

  /// The next passes compute what is not expected.
  void expectNothing() {
    expecting = false;
  }

  @Override
  public void observed(int layer, Matrix hidden, Choices choices, Matrix output) {
    if (!expecting) {
      return;
    }
    var worst = layers.get(layer);
    int row = worst.nextRow;
    expected
        .hiddenIn(layer)
        .ifPresent(t -> worst.input = worse(worst.input, error(hidden, t, row)));
    expected
        .hiddenOut(layer)
        .ifPresent(t -> worst.output = worse(worst.output, error(output, t, row)));
    expected
        .choices(layer)
        .ifPresent(
            reference ->
                worst.choices =
                    OptionalInt.of(worst.choices.orElse(0) + differing(choices, reference, row)));
    worst.nextRow += hidden.rows();
  }

  private static OptionalDouble worse(OptionalDouble before, double now) {
    return OptionalDouble.of(Math.max(before.orElse(0), now));
  }

  private static double error(Matrix actual, Tensor reference, int firstRow) {
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
  private static int differing(Choices choices, ExpectedChoices reference, int firstRow) {
    int differing = 0;
    for (int row = 0; row < choices.rows(); row++) {
      Set<Integer> made = new HashSet<>();
      for (int rank = 0; rank < choices.ranks(); rank++) {
        made.add(choices.expert(row, rank));
      }
      made.remove(Choices.NONE);
      var expected = reference.of(firstRow + row);
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
