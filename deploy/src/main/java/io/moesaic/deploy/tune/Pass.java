package io.moesaic.deploy.tune;

import io.moesaic.router.capacity.CapacityPolicy;
import io.moesaic.router.capacity.CapacityPolicy.Scope;
import io.moesaic.router.capacity.RowTallies;
import io.moesaic.router.capacity.StepRows;
import io.moesaic.router.gate.TokenRows;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.stream.IntStream;

/// Windows that go through the model together, each a sequence of its own, rows in their order. All
/// windows are equally long.
record Pass(List<Window> windows) {
  /// @param text the number of the text that it is from
  record Window(int text, int[] tokens) {}

  /// Fills passes with windows of all texts by turns, as requests of several kinds meet in a
  /// server.
  ///
  /// @param batch windows of a pass; the last may have fewer
  static List<Pass> of(List<HeldOutText> texts, int batch) {
    List<Window> order = new ArrayList<>();
    int most = texts.stream().mapToInt(text -> text.windows().size()).max().orElse(0);
    for (int i = 0; i < most; i++) {
      for (int text = 0; text < texts.size(); text++) {
        var windows = texts.get(text).windows();
        if (i < windows.size()) {
          order.add(new Window(text, windows.get(i)));
        }
      }
    }
    return IntStream.iterate(0, from -> from < order.size(), from -> from + batch)
        .mapToObj(from -> new Pass(order.subList(from, Math.min(from + batch, order.size()))))
        .toList();
  }

  int windowTokens() {
    return windows.getFirst().tokens.length;
  }

  int rows() {
    return windows.size() * windowTokens();
  }

  int[] tokens() {
    return windows.stream().flatMapToInt(window -> Arrays.stream(window.tokens)).toArray();
  }

  int firstRow(int window) {
    return window * windowTokens();
  }

  /// The rows whose next token is known: all but the last of each window.
  int[] scoredRows() {
    return IntStream.range(0, rows()).filter(r -> (r + 1) % windowTokens() != 0).toArray();
  }

  /// Rows of each window among [#scoredRows].
  int scoredPerWindow() {
    return windowTokens() - 1;
  }

  /// The rows under one policy, counted together in its scope.
  StepRows limitedBy(CapacityPolicy policy) {
    boolean together = policy.scope() == Scope.STEP;
    var groups = new int[rows()];
    Arrays.setAll(groups, row -> together ? 0 : row / windowTokens());
    var positions = new int[rows()];
    Arrays.setAll(positions, row -> row % windowTokens());
    return new StepRows(
        new TokenRows(tokens(), positions, new long[rows()], groups),
        Collections.nCopies(together ? 1 : windows.size(), policy),
        new RowTallies(rows()));
  }
}
