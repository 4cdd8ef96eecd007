package io.moesaic.deploy.verify;

import io.moesaic.router.ExpertParallelModel;
import io.moesaic.tensor.Matrix;

/// Compares logits and greedy tokens with the expected ones, a prompt at a time.
final class TextComparison {
  private final ExpertParallelModel model;
  private final Expectations expected;
  private final BlockComparison blocks;
  private double logitsError;
  private int greedyDiffering;
  private int greedyTokens;

  /// @param blocks observes the model
  TextComparison(ExpertParallelModel model, Expectations expected, BlockComparison blocks) {
    this.model = model;
    this.expected = expected;
    this.blocks = blocks;
  }

  void compare(int prompt) {
    compareGiven(prompt);
    if (!expected.greedy().isEmpty()) {
      compareGreedy(prompt);
    }
  }

  /// The text whose logits are known.
  private void compareGiven(int prompt) {
    var text = expected.texts().get(prompt);
    blocks.expect(prompt);
    try (var passes = Passes.of(model, expected.encoded(prompt), text.length)) {
      passes.read(text, (first, logits) -> compare(prompt, first, logits));
    }
    blocks.expectNothing();
  }

  private void compare(int prompt, int first, Matrix logits) {
    for (int row = 0; row < logits.rows(); row++) {
      for (int token = 0; token < logits.cols(); token++) {
        double error =
            Math.abs((double) logits.get(row, token) - expected.logit(prompt, first + row, token));
        logitsError = Math.max(logitsError, error);
      }
    }
  }

  /// A text of which only the beginning is given.
  private void compareGreedy(int prompt) {
    var reference = expected.greedy().get(prompt);
    var begin = expected.greedyBegin(prompt);
    try (var passes = Passes.of(model, expected.encoded(prompt), reference.length)) {
      var logits = passes.read(begin);
      for (int position = begin.length; position < reference.length; position++) {
        int next = best(logits);
        greedyTokens++;
        greedyDiffering += next == reference[position] ? 0 : 1;
        logits = passes.read(new int[] {next});
      }
    }
  }

  /// The likeliest token after the last row.
  private int best(Matrix logits) {
    var best = new int[1];
    model.compute().kernels().topK(logits, logits.rows() - 1, 1, best, 0);
    return best[0];
  }

  /// Largest error of a logit.
  double logitsError() {
    return logitsError;
  }

  /// Generated tokens that differ, of [#greedyTokens].
  int greedyDiffering() {
    return greedyDiffering;
  }

  int greedyTokens() {
    return greedyTokens;
  }
}
