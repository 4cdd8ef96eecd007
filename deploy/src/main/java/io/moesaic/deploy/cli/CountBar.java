package io.moesaic.deploy.cli;

import java.io.PrintWriter;
import java.time.Duration;
import java.util.function.LongSupplier;

/// Shows how much is done of work that can be counted: a bar that is redrawn on a terminal, a line
/// for each tenth elsewhere.
final class CountBar {
  private static final int WIDTH = 40;

  /// ANSI: back to the begin of the line, and clear what stands there.
  private static final String REDRAW = "\r\033[K";

  private final PrintWriter err;
  private final boolean terminal;
  private final LongSupplier nanoClock;
  private final String unit;
  private long startNanos;
  private int shownTenths;

  /// @param unit what is counted, such as `passes`
  CountBar(PrintWriter err, boolean terminal, LongSupplier nanoClock, String unit) {
    this.err = err;
    this.terminal = terminal;
    this.nanoClock = nanoClock;
    this.unit = unit;
  }

  /// @param done of `total`, from 1 on
  void advanced(int done, int total) {
    if (done == 1) {
      startNanos = nanoClock.getAsLong();
    }
    var words = "%d of %d %s%s".formatted(done, total, unit, remaining(done, total));
    if (terminal) {
      int filled = WIDTH * done / total;
      var bar = "[%s%s]  %s".formatted("#".repeat(filled), ".".repeat(WIDTH - filled), words);
      err.print(REDRAW + (done == total ? "" : bar));
      err.flush();
    } else if (done * 10 / total > shownTenths) {
      shownTenths = done * 10 / total;
      err.println(words);
      err.flush();
    }
  }

  private String remaining(int done, int total) {
    if (done == 1 || done == total) {
      return "";
    }
    long elapsedNanos = nanoClock.getAsLong() - startNanos;
    var left = Duration.ofNanos(elapsedNanos / (done - 1) * (total - done));
    return ", about %d s to go".formatted(left.toSeconds() + 1);
  }
}
